package io.millrace.artifacts;

import java.io.IOException;
import java.io.InputStream;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Turns an HTTP status other than success into the exception that says whether to retry. */
final class Refusals {

  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final int LONGEST_BODY = 1 << 16;

  private Refusals() {}

  static boolean mayPass(int status) {
    return status >= 500 || status == 408 || status == 429;
  }

  /**
   * The refusal of a call.
   *
   * @throws IOException if the call may succeed later
   */
  static ArtifactRefused of(String call, int status, InputStream body) throws IOException {
    if (mayPass(status)) {
      throw new IOException("HTTP " + status);
    }
    JsonNode problem = read(body.readNBytes(LONGEST_BODY));
    return new ArtifactRefused(
        call,
        status,
        problem.path("code").asString(problem.path("error_code").asString("")),
        problem.path("detail").asString(problem.path("message").asString("no reason given")));
  }

  private static JsonNode read(byte[] body) {
    try {
      return JSON.readTree(body);
    } catch (JacksonException notJson) {
      return JSON.createObjectNode();
    }
  }
}
