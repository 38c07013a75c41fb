package io.millrace.datasets;

import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/** The one JSON configuration of this package's documents. */
final class Json {
  private static final JsonMapper MAPPER =
      JsonMapper.builder()
          .enable(SerializationFeature.INDENT_OUTPUT)
          .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .build();

  private Json() {}

  static String write(Object value) {
    return MAPPER.writeValueAsString(value);
  }

  static <T> T read(String json, Class<T> type, String what) {
    try {
      T value = MAPPER.readValue(json, type);
      if (value == null) {
        throw new DatasetException(
            DatasetException.Code.BAD_JSON, "the " + what + " document is the JSON null");
      }
      return value;
    } catch (JacksonException e) {
      throw new DatasetException(
          DatasetException.Code.BAD_JSON,
          "not a " + what + " document: " + e.getOriginalMessage(),
          e);
    }
  }
}
