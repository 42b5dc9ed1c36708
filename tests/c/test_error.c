/* Statuses have stable names; an error is filled only when somebody wants it. */
#include "error.h"

#include "check.h"

static void names_are_stable(void) {
  CHECK(strcmp(fp_status_name(FASTPATH_OK), "ok") == 0);
  CHECK(strcmp(fp_status_name(FASTPATH_ERR_HTTP_CONTENT_LENGTH), "http_content_length") == 0);
  CHECK(strcmp(fp_status_name(FASTPATH_ERR_CONFIG_WEIGHT), "config_weight") == 0);
  CHECK(strcmp(fp_status_name((fp_status)-99), "unknown") == 0);
}

static void errors_are_filled(void) {
  fp_error error;
  CHECK_EQ(fp_error_set(&error, FASTPATH_ERR_HTTP_HOST, 400, 17, "%d hosts", 2), FASTPATH_ERR_HTTP_HOST);
  CHECK_EQ(error.code, FASTPATH_ERR_HTTP_HOST);
  CHECK_EQ(error.http_status, 400);
  CHECK_EQ(error.position, 17);
  CHECK_BYTES(error.message, strlen(error.message), "2 hosts");
  CHECK_EQ(fp_error_set(NULL, FASTPATH_ERR_MEMORY, 0, 0, "unread"), FASTPATH_ERR_MEMORY);
}

static void long_messages_are_cut(void) {
  fp_error error;
  char text[2 * FASTPATH_ERROR_MESSAGE_MAX];
  memset(text, 'x', sizeof text);
  text[sizeof text - 1] = '\0';
  (void)fp_error_set(&error, FASTPATH_ERR_ARGUMENT, 0, 0, "%s", text);
  CHECK_EQ(strlen(error.message), FASTPATH_ERROR_MESSAGE_MAX - 1);
}

static void version_is_the_headers(void) {
  CHECK_EQ(fp_version(), FASTPATH_VERSION_MAJOR << 16 | FASTPATH_VERSION_MINOR << 8 | FASTPATH_VERSION_PATCH);
  CHECK_EQ(fp_abi_version(), FASTPATH_ABI_VERSION);
}

int main(void) {
  names_are_stable();
  errors_are_filled();
  long_messages_are_cut();
  version_is_the_headers();
  return 0;
}
