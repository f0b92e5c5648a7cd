/* What needs no Lua: versions, names, and calls with nothing in their arguments. */
#include <string.h>

#include <oxilua.h>

#include "tap.h"

static int is_empty(oxl_str text) {
    return text.data != NULL && text.len == 0 && text.data[0] == '\0';
}

int main(void) {
    oxl_error *error = NULL;
    ok(strcmp(oxl_version().data, OXL_VERSION) == 0 && oxl_version().len == strlen(OXL_VERSION), "version");
    ok(oxl_version_number() == OXL_VERSION_NUMBER, "version number");
    ok(oxl_abi_version() == OXL_ABI_VERSION, "version of the binary interface");

    ok(strcmp(oxl_status_name(OXL_OK).data, "OXL_OK") == 0, "name of a status");
    ok(strcmp(oxl_status_name(OXL_PANIC).data, "OXL_PANIC") == 0, "name of the last status");
    ok(is_empty(oxl_status_name(1)) && is_empty(oxl_status_name(-12345)), "numbers that are no status");

    ok(oxl_open(NULL, NULL, NULL, 0, NULL) == OXL_ERR_ARGUMENT, "open nothing");
    ok(oxl_preload(NULL, NULL, NULL, 0, NULL) == OXL_ERR_ARGUMENT, "preload nothing");
    ok(oxl_open(NULL, NULL, "oxilua", 6, &error) == OXL_ERR_ARGUMENT && error != NULL, "with an error");
    ok(oxl_error_code(error) == OXL_ERR_ARGUMENT, "which has its code");
    ok(strcmp(oxl_error_message(error).data, "oxl_open: L is NULL") == 0, "and says what is wrong");
    ok(is_empty(oxl_error_traceback(error)) && oxl_error_cause(error) == NULL, "but has no more to say");
    oxl_error_free(error);

    ok(oxl_error_code(NULL) == OXL_ERR_ARGUMENT, "the code of no error");
    ok(is_empty(oxl_error_message(NULL)) && is_empty(oxl_error_traceback(NULL)) && oxl_error_cause(NULL) == NULL,
       "the rest of no error");
    oxl_error_free(NULL);

    ok(oxl_engine_count() == 0 && oxl_engine_at(0) == NULL, "no Lua is known");
    ok(is_empty(oxl_engine_name(NULL)) && is_empty(oxl_engine_origin(NULL)) && oxl_engine_version_number(NULL) == 0,
       "the name of no Lua");
    ok(is_empty(oxl_extension_name(oxl_extension_count())), "the name of an extension too many");
    return done_testing();
}
