/* The drivers of a machine: each file that a driver service names is evaluated once. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "engine/engine.h"
#include "machine/machine.h"

enum { START_BOOT = 0, START_DISABLED = 4 };

typedef struct driver_file {
    const char *path;
    bool boot_start;
} driver_file;

typedef struct machine_scan {
    hvc_machine *machine;
    driver_file *files; /* by path, each once */
    const char **paths;
    size_t count;
} machine_scan;

static int compare_files(const void *a, const void *b)
{
    const driver_file *x = a, *y = b;
    return strcmp(x->path, y->path);
}

/* Driver services start kernel drivers, file system drivers and recognizers; a disabled one can be
 * enabled by plug and play, and counts too. */
static bool loads_driver(const hvc_service *service)
{
    return service->type == 1 || service->type == 2 || service->type == 8;
}

static hvc_status list_files(machine_scan *self, hvc_error *error)
{
    const hvc_facts *facts = &self->machine->builder.facts;
    size_t room = facts->service_count > 0 ? facts->service_count : 1;
    self->files = calloc(room, sizeof(*self->files));
    self->paths = calloc(room, sizeof(*self->paths));
    if (self->files == NULL || self->paths == NULL)
        return hvc_fail_memory(error);
    for (size_t i = 0; i < facts->service_count; i++) {
        const hvc_service *service = &facts->services[i];
        if (loads_driver(service) && service->file != NULL)
            self->files[self->count++] = (driver_file){service->file, service->start == START_BOOT};
    }
    qsort(self->files, self->count, sizeof(*self->files), compare_files);
    size_t kept = 0;
    for (size_t i = 0; i < self->count; i++) {
        if (kept > 0 && strcmp(self->files[kept - 1].path, self->files[i].path) == 0)
            self->files[kept - 1].boot_start |= self->files[i].boot_start;
        else
            self->files[kept++] = self->files[i];
    }
    self->count = kept;
    for (size_t i = 0; i < kept; i++)
        self->paths[i] = self->files[i].path;
    return HVC_OK;
}

/* The last part of a path of any system, in lower case as the readiness tool prints it. */
static const char *module_name(hvc_arena *arena, const char *path)
{
    const char *name = path;
    for (const char *p = path; *p != '\0'; p++)
        if ((*p == '/' || *p == '\\') && p[1] != '\0')
            name = p + 1;
    char *copy = hvc_arena_strdup(arena, name);
    for (char *p = copy; p != NULL && *p != '\0'; p++)
        if (*p >= 'A' && *p <= 'Z')
            *p = (char)(*p + ('a' - 'A'));
    return copy != NULL ? copy : "";
}

static bool is_boot_start(const machine_scan *self, const char *path)
{
    const driver_file wanted = {path, false};
    const driver_file *file =
        bsearch(&wanted, self->files, self->count, sizeof(*self->files), compare_files);
    return file != NULL && file->boot_start;
}

/* Why a verdict is not "pass": what the loader refuses comes before what Verifier counts. */
static const char *reason_of(hvc_arena *arena, const hvc_driver *driver)
{
    const hvc_finding *first = NULL;
    for (size_t i = 0; i < driver->finding_count; i++) {
        const hvc_finding *finding = &driver->findings[i];
        if (finding->level != HVC_LEVEL_ERROR)
            continue;
        if (first == NULL ||
            (finding->rule->judge == HVC_JUDGE_LOADER && first->rule->judge != HVC_JUDGE_LOADER))
            first = finding;
    }
    if (first != NULL)
        return hvc_arena_printf(arena, "%s %s", first->rule->id, first->message);
    return driver->undetermined_why;
}

static hvc_status add_driver(void *context, const hvc_driver *driver)
{
    machine_scan *self = context;
    hvc_facts_builder *builder = &self->machine->builder;
    char hex[2 * sizeof(driver->sha256) + 1];
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < sizeof(driver->sha256); i++) {
        hex[2 * i] = digits[driver->sha256[i] >> 4];
        hex[2 * i + 1] = digits[driver->sha256[i] & 15];
    }
    hex[2 * sizeof(driver->sha256)] = '\0';
    hvc_machine_driver entry = {.module = module_name(&builder->arena, driver->path),
                                .path = driver->path,
                                .sha256 = hex,
                                .boot_start = is_boot_start(self, driver->path),
                                .examined = true,
                                .verifier = driver->verifier,
                                .load = driver->load,
                                .reason = reason_of(&builder->arena, driver)};
    memcpy(entry.counters, driver->counters, sizeof(entry.counters));
    hvc_facts_add_driver(builder, &entry);
    return builder->arena.failed ? HVC_E_MEMORY : HVC_OK;
}

static void add_unread(machine_scan *self, const char *path, bool boot_start, const char *why)
{
    hvc_facts_builder *builder = &self->machine->builder;
    const hvc_machine_driver entry = {.module = module_name(&builder->arena, path),
                                      .path = path,
                                      .boot_start = boot_start,
                                      .error = why,
                                      .verifier = HVC_VERDICT_UNDETERMINED,
                                      .load = HVC_VERDICT_UNDETERMINED};
    hvc_facts_add_driver(builder, &entry);
}

static hvc_status add_error(void *context, const hvc_input_error *error)
{
    machine_scan *self = context;
    if (error->error.status == HVC_E_MEMORY)
        return HVC_E_MEMORY;
    add_unread(self, error->path, is_boot_start(self, error->path), error->error.message);
    return self->machine->builder.arena.failed ? HVC_E_MEMORY : HVC_OK;
}

/* A service whose file was not found might still load one that is somewhere else; a disabled one is
 * left out, or the leftovers of every driver that was removed would stand here. */
static void add_missing(machine_scan *self)
{
    const hvc_facts *facts = &self->machine->builder.facts;
    for (size_t i = 0; i < facts->service_count; i++) {
        const hvc_service *service = &facts->services[i];
        if (loads_driver(service) && service->file == NULL && service->start != START_DISABLED)
            add_unread(self, service->image_path != NULL ? service->image_path : service->name,
                       service->start == START_BOOT, "its file was not found");
    }
}

/* Drivers that Verifier alone told of do not stand in the way of looking at the files. */
static bool judged_already(const hvc_facts *facts)
{
    for (size_t i = 0; i < facts->driver_count; i++)
        if (facts->drivers[i].examined || facts->drivers[i].path != NULL ||
            !facts->drivers[i].has_verifier_counters)
            return true;
    return facts->has_drivers && facts->driver_count == 0;
}

/* Puts what Verifier counted (the first entries) beside the judgements of the files of that name.
 */
static void join_verifier(hvc_facts_builder *builder, size_t counted)
{
    size_t kept = 0;
    for (size_t i = 0; i < builder->drivers.count; i++) {
        const hvc_machine_driver driver = builder->drivers.items[i];
        bool joined = false;
        for (size_t k = counted; i < counted && k < builder->drivers.count; k++) {
            hvc_machine_driver *file = &builder->drivers.items[k];
            if (strcmp(file->module, driver.module) != 0)
                continue;
            file->has_verifier_counters = joined = true;
            memcpy(file->verifier_counters, driver.verifier_counters,
                   sizeof(file->verifier_counters));
        }
        if (!joined)
            builder->drivers.items[kept++] = builder->drivers.items[i];
    }
    builder->drivers.count = kept;
}

hvc_status hvc_machine_scan(hvc_machine *machine, const hvc_options *options, hvc_error *error)
{
    const hvc_scan_events events = {add_driver, add_error, NULL};
    hvc_facts *facts = &machine->builder.facts;
    if (!facts->has_services || judged_already(facts))
        return HVC_OK;
    size_t counted = machine->builder.drivers.count;
    machine_scan self = {.machine = machine};
    hvc_status status = list_files(&self, error);
    if (status == HVC_OK)
        status = hvc_scan(self.paths, self.count, options, &events, &self, NULL, error);
    if (status == HVC_OK) {
        add_missing(&self);
        join_verifier(&machine->builder, counted);
        facts->has_drivers = true;
        status = hvc_facts_finish(&machine->builder);
        if (status != HVC_OK)
            hvc_fail(error, status, "%s", hvc_status_text(status));
    }
    free(self.files);
    free(self.paths);
    return status;
}
