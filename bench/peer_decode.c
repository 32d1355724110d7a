/* The yardstick "Y" for code analysis: maps and hashes every file, applies the image rules, and
 * decodes every executable section from its first to its last byte. It resolves nothing. */
#include <Zydis/Zydis.h>

#include "peer.h"

/* ARM64 instructions by mask and value, the more frequent ones first: as much as a decoder must
 * tell apart to follow the flow and the addresses. */
static const struct {
    uint32_t mask, value;
} arm64_classes[] = {
    {0x3b000000, 0x39000000}, /* load or store, unsigned offset */
    {0x1f000000, 0x11000000}, /* add or subtract immediate */
    {0x1f000000, 0x0a000000}, /* logical, shifted register */
    {0xfc000000, 0x94000000}, /* bl */
    {0xfc000000, 0x14000000}, /* b */
    {0xff000010, 0x54000000}, /* b.cond */
    {0x7e000000, 0x34000000}, /* cbz, cbnz */
    {0x7e000000, 0x36000000}, /* tbz, tbnz */
    {0x9f000000, 0x90000000}, /* adrp */
    {0x9f000000, 0x10000000}, /* adr */
    {0x1f800000, 0x12800000}, /* movz, movn, movk */
    {0x1f800000, 0x12000000}, /* logical immediate */
    {0x3a000000, 0x28000000}, /* ldp, stp */
    {0x3b200c00, 0x38200800}, /* load or store, register offset */
    {0x3b200000, 0x38000000}, /* load or store, other immediate forms */
    {0x3b000000, 0x18000000}, /* ldr literal */
    {0x1f000000, 0x0b000000}, /* add or subtract register */
    {0x1f800000, 0x13000000}, /* bitfield */
    {0x1f800000, 0x13800000}, /* extract */
    {0x1fe00000, 0x1a800000}, /* csel and its kin */
    {0xfffffc1f, 0xd63f0000}, /* blr */
    {0xfffffc1f, 0xd61f0000}, /* br */
    {0xfffffc1f, 0xd65f0000}, /* ret */
    {0xff000000, 0xd4000000}, /* exceptions */
    {0xff000000, 0xd5000000}, /* system */
};

static uint64_t decode_arm64(hvc_span code)
{
    uint64_t known = 0;
    for (size_t i = 0; i + 4 <= code.size; i += 4) {
        uint32_t word = hvc_le32(code.data + i);
        for (size_t k = 0; k < sizeof(arm64_classes) / sizeof(arm64_classes[0]); k++) {
            if ((word & arm64_classes[k].mask) == arm64_classes[k].value) {
                known++;
                break;
            }
        }
    }
    return known;
}

static uint64_t decode_x86(hvc_span code, bool wide)
{
    ZydisDecoder decoder;
    ZydisDecodedInstruction instruction;
    ZydisDecoderInit(&decoder, wide ? ZYDIS_MACHINE_MODE_LONG_64 : ZYDIS_MACHINE_MODE_LEGACY_32,
                     wide ? ZYDIS_STACK_WIDTH_64 : ZYDIS_STACK_WIDTH_32);
    ZydisDecoderEnableMode(&decoder, ZYDIS_DECODER_MODE_MINIMAL, ZYAN_TRUE);
    uint64_t known = 0;
    for (size_t i = 0; i < code.size;) {
        if (ZYAN_SUCCESS(ZydisDecoderDecodeInstruction(&decoder, NULL, code.data + i, code.size - i,
                                                       &instruction))) {
            known++;
            i += instruction.length;
        } else {
            i++;
        }
    }
    return known;
}

static bool work(const uint8_t *bytes, size_t size, peer_totals *totals)
{
    hvc_image *image = NULL;
    if (!peer_hash(bytes, size, totals) || !peer_image_rules(bytes, size, totals, &image))
        return false;
    hvc_span file = {bytes, size};
    hvc_arch arch = hvc_image_arch(image);
    size_t count;
    const hvc_section *sections = hvc_image_sections(image, &count);
    for (size_t i = 0; i < count; i++) {
        if ((sections[i].characteristics & HVC_SCN_MEM_EXECUTE) == 0)
            continue;
        hvc_span code = hvc_span_clip(file, sections[i].data_offset, sections[i].data_size);
        if (arch == HVC_ARCH_X64 || arch == HVC_ARCH_X86)
            totals->instructions += decode_x86(code, arch == HVC_ARCH_X64);
        else
            totals->instructions += decode_arm64(code);
    }
    hvc_image_free(image);
    return true;
}

int main(int argc, char **argv)
{
    return peer_run(argc, argv, true, work);
}
