/* The inside of the text format: what a person wants to read. */
#ifndef REPORT_TEXT_H
#define REPORT_TEXT_H

#include "report/writer.h"

typedef enum hvc_text_color {
    HVC_COLOR_GREEN,
    HVC_COLOR_RED,
    HVC_COLOR_YELLOW,
    HVC_COLOR_BOLD
} hvc_text_color;

/* A word in colour, when the report has colours. */
void hvc_text_colored(hvc_report *report, hvc_text_color color, const char *word);
/* A text from a file; everything that could harm a terminal is escaped. */
void hvc_text_put(hvc_report *report, const char *text);
/* A message of ours, in which names from the file are escaped already: as hvc_text_put, but
 * backslashes stay as they are. */
void hvc_text_message(hvc_report *report, const char *message);
/* What stands below a driver's line. */
void hvc_text_details(hvc_report *report, const hvc_driver *driver);

#endif
