/* Writing .reg files: UTF-16LE with a byte order mark, CRLF, as regedit exports them. */
#ifndef MACHINE_REG_FILE_H
#define MACHINE_REG_FILE_H

#include <hvcheck/facts.h>

#include "base/buffer.h"

void hvc_reg_begin(hvc_buffer *out);
void hvc_reg_comment(hvc_buffer *out, const char *text);
/* [HKEY_LOCAL_MACHINE\key]; deleted: with the minus that deletes the key. */
void hvc_reg_key(hvc_buffer *out, const char *key, bool deleted);
void hvc_reg_value(hvc_buffer *out, const hvc_registry_value *value);
void hvc_reg_value_deleted(hvc_buffer *out, const char *name);

#endif
