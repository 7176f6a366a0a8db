#include "addon.h"

NAPI_MODULE_INIT() {
    define_functions(env, exports);
    define_package(env, exports);
    define_store(env, exports);
    define_device(env, exports);
    define_images(env, exports);
    define_tap(env, exports);
    return exports;
}
