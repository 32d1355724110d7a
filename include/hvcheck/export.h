/* Visibility of the public functions, and C++ linkage. */
#ifndef HVCHECK_EXPORT_H
#define HVCHECK_EXPORT_H

#if defined(__GNUC__) && !defined(_WIN32)
#define HVC_API __attribute__((visibility("default")))
#else
#define HVC_API
#endif

#ifdef __cplusplus
#define HVC_BEGIN_DECLS extern "C" {
#define HVC_END_DECLS   }
#else
#define HVC_BEGIN_DECLS
#define HVC_END_DECLS
#endif

#endif
