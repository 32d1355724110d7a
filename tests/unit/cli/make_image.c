/* Writes a small image to standard output, for test_command.py: clean, guilty, open, user or cut.
 */
#include <stdio.h>
#include <string.h>

#include "tiny_image.h"

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        tiny_options options;
        size_t size;
    } kinds[] = {
        {"clean", {.import_count = 0}, TINY_SIZE},
        {"guilty", {.text_characteristics = 0xE0000020}, TINY_SIZE},
        {"open",
         {.imports = {{"ntoskrnl.exe", "ExAllocatePool", 0}}, .import_count = 1},
         TINY_SIZE},
        {"user", {.subsystem = 3}, TINY_SIZE},
        {"cut", {.import_count = 0}, TINY_NT + 50},
    };
    for (size_t i = 0; argc == 2 && i < sizeof(kinds) / sizeof(*kinds); i++) {
        if (strcmp(argv[1], kinds[i].name) != 0)
            continue;
        uint8_t bytes[TINY_SIZE];
        tiny_image(&kinds[i].options, bytes);
        return fwrite(bytes, 1, kinds[i].size, stdout) == kinds[i].size ? 0 : 1;
    }
    return 1;
}
