#include "code/methods.h"

#include <string.h>

/* The GUIDs of portcls.h and dmusicks.h that a driver asks by for an object: the class that it
 * gives to PcNewPort, the interface that it gives to QueryInterface or that the port gives it
 * unasked. What PcNewPort makes "has the port interface that is specified by the ClassID
 * parameter", as its page says (nf-portcls-pcnewport), with a table of classes and interfaces; each
 * of these extends IPort, so that the IPort that it gives is the interface itself. */
#define PORT_REST 0x91, 0x57, 0xD0, 0x11, 0x86, 0xF9, 0x00, 0xA0, 0xC9, 0x11, 0xB5, 0x44
static const struct identifier {
    uint32_t data1;
    bool is_class;
    hvc_object object;
    uint8_t rest[12];
} identifiers[] = {
    {0xB4C90A50, false, HVC_OBJECT_PORT_WAVE_PCI, {PORT_REST}}, /* IID_IPortWavePci */
    {0xB4C90A54, true, HVC_OBJECT_PORT_WAVE_PCI, {PORT_REST}},  /* CLSID_PortWavePci */
    /* IID_IPortClsNotifications */
    {0x1E092CE2,
     false,
     HVC_OBJECT_PORTCLS_NOTIFICATIONS,
     {0x25, 0xDB, 0x3B, 0x48, 0x84, 0x46, 0xB0, 0x96, 0x12, 0x15, 0x25, 0x8B}},
    /* IID_IUnknown */
    {0x00000000, false, HVC_OBJECT_BASE, {0, 0, 0, 0, 0xC0, 0, 0, 0, 0, 0, 0, 0x46}},
    {0xB4C90A25, false, HVC_OBJECT_BASE, {PORT_REST}},  /* IID_IPort */
    {0xB4C90A26, false, HVC_OBJECT_OTHER, {PORT_REST}}, /* IID_IPortWaveCyclic */
    {0xB4C90A2A, true, HVC_OBJECT_OTHER, {PORT_REST}},  /* CLSID_PortWaveCyclic */
    {0xB4C90A30, false, HVC_OBJECT_OTHER, {PORT_REST}}, /* IID_IPortTopology */
    {0xB4C90A32, true, HVC_OBJECT_OTHER, {PORT_REST}},  /* CLSID_PortTopology */
    {0xB4C90A40, false, HVC_OBJECT_OTHER, {PORT_REST}}, /* IID_IPortMidi */
    {0xB4C90A43, true, HVC_OBJECT_OTHER, {PORT_REST}},  /* CLSID_PortMidi */
    /* IID_IPortDMus */
    {0xC096DF9C,
     false,
     HVC_OBJECT_OTHER,
     {0x09, 0xFB, 0xD1, 0x11, 0x81, 0xB0, 0x00, 0x60, 0x08, 0x33, 0x16, 0xC1}},
    /* CLSID_PortDMus */
    {0xB7902FE9,
     true,
     HVC_OBJECT_OTHER,
     {0x0A, 0xFB, 0xD1, 0x11, 0x81, 0xB0, 0x00, 0x60, 0x08, 0x33, 0x16, 0xC1}},
    /* IID_IPortWaveRT */
    {0x339FF909,
     false,
     HVC_OBJECT_OTHER,
     {0xA9, 0x68, 0x10, 0x43, 0xB0, 0x9B, 0x27, 0x4E, 0x96, 0xEE, 0x4C, 0xBD}},
    /* CLSID_PortWaveRT */
    {0xCC9BE57A,
     true,
     HVC_OBJECT_OTHER,
     {0x9E, 0xEB, 0xB4, 0x42, 0x94, 0xFC, 0x0C, 0xAD, 0x3D, 0xBC, 0xE7, 0xFA}},
};

hvc_object hvc_object_named(const hvc_image *image, uint64_t address, bool by_class)
{
    uint8_t guid[16];
    uint32_t rva;
    if (!hvc_image_rva_of(image, address, &rva))
        return HVC_OBJECT_UNKNOWN;
    const hvc_section *section = hvc_image_section_at(image, rva);
    if (section == NULL || (section->characteristics & HVC_SCN_MEM_WRITE) != 0 ||
        !hvc_image_read(image, rva, guid, sizeof(guid)))
        return HVC_OBJECT_UNKNOWN;
    for (size_t i = 0; i < sizeof(identifiers) / sizeof(*identifiers); i++) {
        const struct identifier *one = &identifiers[i];
        if (one->is_class == by_class && hvc_le32(guid) == one->data1 &&
            memcmp(guid + 4, one->rest, sizeof(one->rest)) == 0)
            return one->object;
    }
    return HVC_OBJECT_UNKNOWN;
}

bool hvc_object_has(hvc_object object, const hvc_ddi *ddi)
{
    static const char *const methods[] = {
        [HVC_OBJECT_UNKNOWN] = "",
        [HVC_OBJECT_BASE] = "",
        [HVC_OBJECT_OTHER] = "",
        [HVC_OBJECT_PORT_WAVE_PCI] = "IPortWavePci::NewMasterDmaChannel",
        [HVC_OBJECT_PORTCLS_NOTIFICATIONS] = "IPortClsNotifications::AllocNotificationBuffer",
    };
    return strcmp(methods[object], ddi->name) == 0;
}

static bool imports_port(const hvc_image *image)
{
    static const char name[] = "PcNewPort";
    for (size_t i = 0; i < image->imports.count; i++) {
        hvc_text import = image->imports.items[i].name;
        if (import.data != NULL && import.size == sizeof(name) - 1 &&
            memcmp(import.data, name, sizeof(name) - 1) == 0)
            return true;
    }
    return false;
}

/* movz, movk or movn with the number's upper half. */
static bool moves_upper_half(uint32_t word, uint32_t number)
{
    return (word & 0x1F800000) == 0x12800000 && (word >> 5 & 0xFFFF) == number >> 16;
}

/* Whether the 4 bytes of a number stand anywhere in bytes. */
static bool holds_bytes(hvc_span bytes, uint32_t number)
{
    const uint8_t *at = bytes.data, *found;
    for (size_t left = bytes.size; left >= 4; left -= (size_t)(found - at), at = found) {
        found = memchr(at, number & 0xFF, left - 3);
        if (found == NULL)
            return false;
        if (hvc_le32(found) == number)
            return true;
        found++;
    }
    return false;
}

static bool holds_half(hvc_span code, uint32_t number)
{
    for (size_t at = 0; at + 4 <= code.size; at += 4)
        if (moves_upper_half(hvc_le32(code.data + at), number))
            return true;
    return false;
}

static bool holds(const hvc_image *image, uint32_t number)
{
    bool halves = image->arch != HVC_ARCH_X86 && image->arch != HVC_ARCH_X64;
    for (size_t i = 0; i < image->sections.count; i++) {
        const hvc_section *section = &image->sections.items[i];
        hvc_span bytes = hvc_image_span(image, section->rva, section->data_size);
        if (holds_bytes(bytes, number) ||
            (halves && (section->characteristics & HVC_SCN_MEM_EXECUTE) != 0 &&
             holds_half(bytes, number)))
            return true;
    }
    return false;
}

/* Data1 alone finds the identifiers that code puts together from numbers, too; for ARM64, which
 * moves halves, the upper half of it in a move is enough. A method that no identifier is known of
 * may be there always. */
static bool can_ask_for(const hvc_image *image, const hvc_ddi *ddi)
{
    bool known = false;
    for (size_t i = 0; i < sizeof(identifiers) / sizeof(*identifiers); i++) {
        if (!hvc_object_has(identifiers[i].object, ddi))
            continue;
        known = true;
        if (holds(image, identifiers[i].data1))
            return true;
    }
    return !known;
}

bool hvc_may_have_method(const hvc_image *image, const hvc_ddi *ddi)
{
    return ddi->via == HVC_VIA_METHOD && imports_port(image) && can_ask_for(image, ddi);
}

bool hvc_may_have_methods(const hvc_image *image)
{
    size_t count;
    const hvc_ddi *ddis = hvc_ddis(&count);
    for (size_t i = 0; i < count; i++)
        if (hvc_may_have_method(image, &ddis[i]))
            return true;
    return false;
}
