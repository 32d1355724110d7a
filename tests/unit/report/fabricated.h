/* A driver in which every member of the model is used, with texts that try to harm the report. */
#ifndef TESTS_FABRICATED_H
#define TESTS_FABRICATED_H

#include <hvcheck/evaluate.h>

/* Fills in everything; what it points to is static. */
void fabricated_driver(hvc_driver *driver);
/* One that is fine and has as little as can be. */
void fabricated_plain(hvc_driver *driver);
/* An error whose path and message are not harmless either. */
void fabricated_error(hvc_input_error *error);

#endif
