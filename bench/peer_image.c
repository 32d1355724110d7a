/* Reads and hashes every file and applies the image rules: without code analysis, without a report.
 */
#include "peer.h"

static bool work(const uint8_t *bytes, size_t size, peer_totals *totals)
{
    return peer_hash(bytes, size, totals) && peer_image_rules(bytes, size, totals, NULL);
}

int main(int argc, char **argv)
{
    return peer_run(argc, argv, false, work);
}
