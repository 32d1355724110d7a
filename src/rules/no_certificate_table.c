/* Whether the image carries a signature; whether that is valid is another matter. */
#include "rules/checks.h"

void hvc_rule_no_certificate_table(const hvc_evidence *evidence, const hvc_rule *rule,
                                   hvc_findings *findings)
{
    const hvc_image *image = evidence->image;

    if (hvc_directory_present(image, HVC_DIR_CERTIFICATE))
        return;
    hvc_finding *finding = hvc_find(
        findings, rule, 0,
        "no embedded signature: whether a catalog signs the driver, the file does not show");
    if (finding != NULL)
        finding->location =
            hvc_locate_header(hvc_image_directory_entry(image, HVC_DIR_CERTIFICATE));
}
