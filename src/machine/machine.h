/* The inside of an hvc_machine. */
#ifndef MACHINE_MACHINE_H
#define MACHINE_MACHINE_H

#include <hvcheck/machine.h>

#include "machine/facts.h"

struct hvc_machine {
    hvc_facts_builder builder;
};

#endif
