package io.millrace.inference.requests;

import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonFactory;

/** The one way bodies are parsed: streaming, strict JSON, shallow, with bounded tokens. */
public final class JsonBodies {

  private static final JsonFactory FACTORY =
      JsonFactory.builder()
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(20)
                  .maxNameLength(2_000)
                  .maxNumberLength(400)
                  .maxStringLength(1 << 20)
                  .build())
          .enable(StreamReadFeature.USE_FAST_DOUBLE_PARSER)
          .build();

  private JsonBodies() {}

  /** A parser that stands on the body's opening brace. */
  public static JsonParser object(byte[] body) {
    JsonParser parser = FACTORY.createParser(ObjectReadContext.empty(), body);
    if (parser.nextToken() != JsonToken.START_OBJECT) {
      parser.close();
      throw Refusal.badRequest("the body must be a JSON object");
    }
    return parser;
  }

  /** Checks that nothing follows the object. */
  public static void end(JsonParser parser) {
    if (parser.nextToken() != null) {
      throw Refusal.badRequest("the body goes on after its JSON object");
    }
  }

  /**
   * The text the parser stands on.
   *
   * @param what its name in the message where it is something else
   */
  public static String text(JsonParser parser, String what) {
    if (parser.currentToken() != JsonToken.VALUE_STRING) {
      throw Refusal.badRequest(what + " must be a string");
    }
    return parser.getString();
  }
}
