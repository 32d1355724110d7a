/* From the numbers that an argument can be to the judgement of the call. */
#ifndef CODE_JUDGE_H
#define CODE_JUDGE_H

#include "code/analysis.h"

/* Fills in values, origin, open and judgement of *site, whose ddi is set, from the numbers of its
 * deciding argument. Texts live in results. False when memory is exhausted. */
bool hvc_judge_site(const hvc_numbers *numbers, hvc_arena *results, hvc_call_site *site);
/* A call whose argument was not looked at, and why. */
void hvc_judge_unknown(hvc_call_site *site, const char *why);
/* Why a value is not known, as reports say it. Static. */
const char *hvc_unknown_text(hvc_unknown why);

#endif
