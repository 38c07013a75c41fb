package io.millrace.artifact.datasets;

import io.millrace.artifact.storage.RequestBytes;
import io.millrace.problems.ApiProblem;
import java.io.IOException;
import java.io.InputStream;
import org.springframework.http.server.reactive.ServerHttpRequest;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.json.JsonMapper;

/** Reads requests whose JSON may list many files. */
final class JsonRequest {

  private static final int MOST_BYTES = 64 << 20;
  private static final JsonMapper MAPPER =
      JsonMapper.builder()
          .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
          .build();

  private JsonRequest() {}

  /**
   * Reads the body.
   *
   * @throws ApiProblem if it is not of that form
   */
  static <T> T read(ServerHttpRequest request, Class<T> type) throws IOException {
    byte[] bytes;
    try (InputStream body = RequestBytes.of(request)) {
      bytes = body.readNBytes(MOST_BYTES + 1);
    }
    if (bytes.length > MOST_BYTES) {
      throw new ApiProblem(
          413, "too-large", "the request has more than %d bytes".formatted(MOST_BYTES));
    }
    try {
      T value = MAPPER.readValue(bytes, type);
      if (value == null) {
        throw new ApiProblem(400, "malformed-json", "the request must be a JSON object");
      }
      return value;
    } catch (JacksonException e) {
      throw new ApiProblem(
          400, "malformed-json", "the request cannot be read: " + e.getOriginalMessage());
    }
  }
}
