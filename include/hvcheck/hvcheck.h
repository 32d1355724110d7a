/* Everything of libhvcheck. */
#ifndef HVCHECK_H
#define HVCHECK_H

#include <hvcheck/ddi.h>
#include <hvcheck/driver.h>
#include <hvcheck/evaluate.h>
#include <hvcheck/facts.h>
#include <hvcheck/image.h>
#include <hvcheck/machine.h>
#include <hvcheck/plan.h>
#include <hvcheck/report.h>
#include <hvcheck/rule.h>
#include <hvcheck/status.h>
#include <hvcheck/text.h>
#include <hvcheck/version.h>

#endif
