/* Code that only the sweep found. Nothing that is seen leads there, so it is no function of which
 * to say where it is entered: what does lead there may be a jump that could not be followed, which
 * then goes to any of its instructions. */
#include "code/analysis.h"

enum { NEIGHBOURS = 16 }; /* how many pieces of such code may lie between it and the jump */

static const hvc_code_function *group_of(const hvc_analysis *analysis,
                                         const hvc_code_function *part)
{
    return part->group == part->begin ? part : hvc_function_at(&analysis->map, part->group);
}

static bool never_entered(void *context, uint32_t group)
{
    (void)context;
    (void)group;
    return false;
}

/* Whether the flow of a function, as it is when control does not arrive anywhere in it, has a jump
 * that was not followed. */
static bool strays(hvc_analysis *analysis, const hvc_code_function *group)
{
    if (group->sources != HVC_FROM_SWEEP) {
        const hvc_flow *flow = hvc_analysis_flow(analysis, group->begin);
        return flow == NULL || flow->strays;
    }
    hvc_flow_env env = analysis->env;
    hvc_arena arena = {0};
    hvc_flow *flow = NULL;
    env.entered = never_entered;
    if (hvc_flow_analyse(&env, group->begin, &arena, &flow) != HVC_OK)
        analysis->failed = true;
    bool found = flow == NULL || flow->strays;
    hvc_arena_free(&arena);
    return found;
}

static bool function_strays(hvc_analysis *analysis, const hvc_code_function *group)
{
    uint8_t known = hvc_analysis_strays(analysis, group->begin);
    if (known != 0)
        return known == 2;
    bool found = strays(analysis, group);
    hvc_analysis_set_strays(analysis, group->begin, found ? 2 : 1);
    return found;
}

bool hvc_analysis_is_entered(void *context, uint32_t group)
{
    hvc_analysis *analysis = context;
    const hvc_function_map *map = &analysis->map;
    const hvc_code_function *first = hvc_function_at(map, group);
    if (first == NULL || first->sources != HVC_FROM_SWEEP)
        return false;
    size_t at = (size_t)(first - map->functions.items);
    for (int step = -1; step <= 1; step += 2) {
        size_t i = at;
        for (unsigned n = 0; n <= NEIGHBOURS && i < map->functions.count; n++, i += (size_t)step) {
            const hvc_code_function *near = group_of(analysis, &map->functions.items[i]);
            if (near == NULL || function_strays(analysis, near))
                return true;
            if (near->sources != HVC_FROM_SWEEP)
                break;
        }
    }
    return false;
}
