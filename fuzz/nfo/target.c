/* Imports the input as a report of msinfo32. */
#include "../import.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    (void)hvc_is_nfo((hvc_span){data, size});
    (void)import_input(hvc_import_nfo, data, size);
    return 0;
}
