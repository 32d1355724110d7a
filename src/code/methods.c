#include "code/methods.h"

#include <string.h>

/* Data1 of the GUIDs that a driver asks by for an object with the method: the class that it gives
 * to PcNewPort, the interface that it gives to QueryInterface or that the port gives it unasked
 * (portcls.h). Data1 alone finds those that code puts together from numbers, too; for ARM64, which
 * moves halves, the upper half of it in a move is enough. */
static const struct identifier {
    const char *ddi;
    uint32_t data1;
} identifiers[] = {
    {"IPortWavePci::NewMasterDmaChannel", 0xB4C90A50},              /* IID_IPortWavePci */
    {"IPortWavePci::NewMasterDmaChannel", 0xB4C90A54},              /* CLSID_PortWavePci */
    {"IPortClsNotifications::AllocNotificationBuffer", 0x1E092CE2}, /* IID_IPortClsNotifications */
};

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

static bool holds(const hvc_image *image, uint32_t number)
{
    bool halves = image->arch != HVC_ARCH_X86 && image->arch != HVC_ARCH_X64;
    for (size_t i = 0; i < image->sections.count; i++) {
        const hvc_section *section = &image->sections.items[i];
        hvc_span bytes = hvc_image_span(image, section->rva, section->data_size);
        for (size_t k = 0; k + 4 <= bytes.size; k++)
            if (hvc_le32(bytes.data + k) == number ||
                (halves && moves_upper_half(hvc_le32(bytes.data + k), number)))
                return true;
    }
    return false;
}

/* A method that no identifier is known of may be there always. */
static bool can_ask_for(const hvc_image *image, const hvc_ddi *ddi)
{
    bool known = false;
    for (size_t i = 0; i < sizeof(identifiers) / sizeof(*identifiers); i++) {
        if (strcmp(identifiers[i].ddi, ddi->name) != 0)
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
