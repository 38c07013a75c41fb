package io.millrace.artifact.artifacts;

import io.millrace.artifact.artifacts.MlflowProblem.Refusal;
import io.millrace.artifact.storage.RequestBytes;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Locale;
import java.util.stream.StreamSupport;
import org.springframework.http.HttpHeaders;
import org.springframework.http.server.reactive.ServerHttpRequest;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The JSON object of an MLflow request: what is no JSON is an empty one, a JSON text in a JSON
 * string is read as the text, fields may have camel case.
 */
record MlflowBody(JsonNode json) {

  private static final JsonMapper MAPPER = JsonMapper.builder().build();
  private static final int MOST_BYTES = 32 << 20;

  static MlflowBody of(ServerHttpRequest request) throws IOException {
    String type = request.getHeaders().getFirst(HttpHeaders.CONTENT_TYPE);
    if (type == null) {
      throw Refusal.invalid("Bad Request. Content-Type header is missing.");
    }
    if (!type.split(";", 2)[0].strip().toLowerCase(Locale.ROOT).equals("application/json")) {
      throw Refusal.invalid("Bad Request. Content-Type must be one of ['application/json'].");
    }
    byte[] bytes;
    try (InputStream body = RequestBytes.of(request)) {
      bytes = body.readNBytes(MOST_BYTES + 1);
    }
    if (bytes.length > MOST_BYTES) {
      throw Refusal.invalid("the request has more than %d bytes".formatted(MOST_BYTES));
    }
    JsonNode json = parsed(bytes);
    if (json.isString()) {
      json = parsed(json.asString().getBytes(java.nio.charset.StandardCharsets.UTF_8));
    }
    if (json.isArray() || json.isNumber()) {
      throw Refusal.invalid("the request must be a JSON object");
    }
    return new MlflowBody(json);
  }

  private static JsonNode parsed(byte[] bytes) {
    try {
      return bytes.length == 0 ? MAPPER.createObjectNode() : MAPPER.readTree(bytes);
    } catch (JacksonException notJson) {
      return MAPPER.createObjectNode();
    }
  }

  /** A text that must be there and not empty. */
  String text(String name) {
    JsonNode value = field(name);
    if (value.isMissingNode()
        || value.isNull()
        || (value.isString() && value.asString().isEmpty())) {
      throw Refusal.missingParameter(name);
    }
    if (!value.isString()) {
      throw wrongType(name, value);
    }
    return value.asString();
  }

  /** A whole number, also as text. */
  long whole(String name, long otherwise) {
    JsonNode value = field(name);
    if (value.isMissingNode() || value.isNull()) {
      return otherwise;
    }
    if (value.isIntegralNumber() && value.canConvertToLong()) {
      return value.asLong();
    }
    if (value.isNumber() && value.asDouble() == Math.rint(value.asDouble())) {
      return (long) value.asDouble();
    }
    if (value.isString() && value.asString().matches("-?\\d{1,18}")) {
      return Long.parseLong(value.asString());
    }
    throw wrongType(name, value);
  }

  /** A text that may be absent. */
  String textOrEmpty(String name) {
    JsonNode value = field(name);
    if (value.isMissingNode() || value.isNull()) {
      return "";
    }
    if (!value.isString()) {
      throw wrongType(name, value);
    }
    return value.asString();
  }

  /** A list of objects that must be there. */
  List<MlflowBody> objects(String name) {
    JsonNode value = field(name);
    if (value.isMissingNode() || value.isNull()) {
      throw Refusal.missingParameter(name);
    }
    if (!value.isArray()
        || StreamSupport.stream(value.spliterator(), false).anyMatch(one -> !one.isObject())) {
      throw wrongType(name, value);
    }
    return StreamSupport.stream(value.spliterator(), false).map(MlflowBody::new).toList();
  }

  private JsonNode field(String name) {
    JsonNode value = json.path(name);
    return value.isMissingNode() ? json.path(camelCase(name)) : value;
  }

  private static String camelCase(String name) {
    StringBuilder camel = new StringBuilder();
    for (String word : name.split("_", -1)) {
      camel.append(
          camel.isEmpty()
              ? word
              : word.substring(0, 1).toUpperCase(Locale.ROOT) + word.substring(1));
    }
    return camel.toString();
  }

  private static Refusal wrongType(String name, JsonNode value) {
    String type =
        switch (value.getNodeType()) {
          case STRING -> "str";
          case NUMBER -> value.isIntegralNumber() ? "int" : "float";
          case BOOLEAN -> "bool";
          case ARRAY -> "list";
          case OBJECT, POJO -> "dict";
          case NULL, MISSING -> "NoneType";
          case BINARY -> "bytes";
        };
    return Refusal.invalid(
        "Invalid value %s for parameter '%s' supplied:  Hint: Value was of type '%s'.%s"
            .formatted(value, name, type, MlflowProblem.TAIL));
  }
}
