package io.millrace.tracking.mlflow;

import io.millrace.tracking.paging.PageToken;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * The fields of a request, by the rules of MLflow's JSON: numbers may be text, null is absent,
 * unknown fields are ignored, names may be camelCase. A getter that finds another type than asked
 * for throws the {@link MlflowException} of the contract.
 */
public final class MlflowMessage {

  private static final String HELP =
      " See the API docs for more information about request parameters.";
  private static final Pattern UNDERSCORE = Pattern.compile("_([a-z])");
  private static final Pattern WHOLE = Pattern.compile("[+-]?[0-9]{1,19}");
  private static final Pattern DECIMAL =
      Pattern.compile("NaN|-?Infinity|[+-]?([0-9]+(\\.[0-9]*)?|\\.[0-9]+)([eE][+-]?[0-9]{1,9})?");

  /** Of the names that are asked for, which the code has, not the client. */
  private static final Map<String, String> CAMEL_CASE = new ConcurrentHashMap<>();

  /** Where a message stands in another. */
  private record Place(MlflowMessage outer, String field, int index) {

    static final int ALONE = -1;

    @Override
    public String toString() {
      return outer.path(field) + (index == ALONE ? "" : "[" + index + "]") + ".";
    }
  }

  private final byte @Nullable [] body;
  private final @Nullable Place place;
  private @Nullable ObjectNode fields;

  MlflowMessage(ObjectNode fields) {
    this(null, fields, null);
  }

  /** The JSON of a request, which is read when it is first asked for something. */
  public MlflowMessage(byte[] body) {
    this(body, null, null);
  }

  private MlflowMessage(
      byte @Nullable [] body, @Nullable ObjectNode fields, @Nullable Place place) {
    this.body = body;
    this.fields = fields;
    this.place = place;
  }

  private ObjectNode fields() {
    ObjectNode read = fields;
    if (read == null) {
      read = MlflowMessages.fromBody(body == null ? new byte[0] : body);
      fields = read;
    }
    return read;
  }

  /**
   * What a reader makes of the request's JSON as it stands; empty where the request has none, the
   * JSON is broken, or the reader finds that it is not for it.
   */
  public <T> Optional<T> streamed(Function<JsonParser, Optional<T>> reader) {
    if (body == null) {
      return Optional.empty();
    }
    try (JsonParser json = MlflowMessages.JSON.createParser(body)) {
      return reader.apply(json);
    } catch (JacksonException broken) {
      return Optional.empty();
    }
  }

  /** Text that must be there and not be empty. */
  public String required(String name) {
    return text(name).filter(text -> !text.isEmpty()).orElseThrow(() -> missing(name));
  }

  /** The first of the names that is given; the error names the first. */
  public String requiredOneOf(String name, String olderName) {
    return text(name)
        .filter(text -> !text.isEmpty())
        .or(() -> text(olderName).filter(text -> !text.isEmpty()))
        .orElseThrow(() -> missing(name));
  }

  /** Text, perhaps empty; absent where the field is. */
  public Optional<String> text(String name) {
    return field(name)
        .map(
            node -> {
              if (!node.isString()) {
                throw wrongType(name, node);
              }
              return storable(name, node.stringValue());
            });
  }

  /** Text, or empty text where the field is absent. */
  public String textOrEmpty(String name) {
    return text(name).orElse("");
  }

  /** A whole number of 64 bits, as a number, an integral float or text. */
  public Optional<Long> int64(String name) {
    return field(name)
        .map(
            node -> {
              if (node.isIntegralNumber() && node.canConvertToLong()) {
                return node.longValue();
              }
              if (node.isNumber()
                  && node.doubleValue() == Math.rint(node.doubleValue())
                  && Math.abs(node.doubleValue()) < 0x1p63) {
                return (long) node.doubleValue();
              }
              if (node.isString() && WHOLE.matcher(node.stringValue()).matches()) {
                try {
                  return Long.parseLong(node.stringValue());
                } catch (NumberFormatException beyondLong) {
                  throw wrongType(name, node);
                }
              }
              throw wrongType(name, node);
            });
  }

  /** A whole number that must be there. */
  public long requiredInt64(String name) {
    return int64(name).orElseThrow(() -> missing(name));
  }

  /** A number that must be there; NaN and the infinities come as text. */
  public double requiredDouble(String name) {
    JsonNode node = field(name).orElseThrow(() -> missing(name));
    if (node.isNumber()) {
      return node.doubleValue();
    }
    if (node.isString()) {
      String text = node.stringValue();
      if (text.isEmpty()) {
        throw missing(name);
      }
      if (DECIMAL.matcher(text).matches()) {
        return Double.parseDouble(text);
      }
    }
    throw wrongType(name, node);
  }

  /** A truth value, false where it is absent. */
  public boolean flag(String name) {
    return flag(name, false);
  }

  /** A truth value. */
  public boolean flag(String name, boolean otherwise) {
    return field(name)
        .map(
            node -> {
              if (node.isBoolean()) {
                return node.booleanValue();
              }
              String text =
                  node.isString() ? node.stringValue().toLowerCase(Locale.ROOT) : node.toString();
              return switch (text) {
                case "true" -> true;
                case "false" -> false;
                default ->
                    throw MlflowException.invalid(
                        "Invalid boolean value: %s, must be 'true' or 'false'."
                            .formatted(plain(node)));
              };
            })
        .orElse(otherwise);
  }

  /**
   * A constant, by its name or by its number, which counts from 1 in the order of the constants.
   */
  public <E extends Enum<E>> Optional<E> constant(String name, Class<E> type) {
    return field(name)
        .map(
            node -> {
              E[] constants = type.getEnumConstants();
              for (E constant : constants) {
                if ((node.isString() && node.stringValue().equals(constant.name()))
                    || plain(node).equals(Integer.toString(constant.ordinal() + 1))) {
                  return constant;
                }
              }
              throw wrongType(name, node);
            });
  }

  /** A list of texts, empty where the field is absent; a single text counts as a list of one. */
  public List<String> texts(String name) {
    JsonNode node = field(name).orElse(null);
    if (node == null) {
      return List.of();
    }
    if (node.isString()) {
      return List.of(storable(name, node.stringValue()));
    }
    List<String> texts = new ArrayList<>();
    for (JsonNode item : elements(name, node)) {
      if (!item.isString()) {
        throw wrongType(name, node);
      }
      texts.add(storable(name, item.stringValue()));
    }
    return texts;
  }

  /** A list of messages, empty where the field is absent. */
  public List<MlflowMessage> messages(String name) {
    JsonNode node = field(name).orElse(null);
    if (node == null) {
      return List.of();
    }
    List<MlflowMessage> messages = new ArrayList<>();
    for (JsonNode item : elements(name, node)) {
      if (!(item instanceof ObjectNode object)) {
        throw wrongType(name, node);
      }
      messages.add(new MlflowMessage(null, object, new Place(this, name, messages.size())));
    }
    return messages;
  }

  /** A message; absent where the field is. */
  public Optional<MlflowMessage> message(String name) {
    return field(name)
        .map(
            node -> {
              if (!(node instanceof ObjectNode object)) {
                throw wrongType(name, node);
              }
              return new MlflowMessage(null, object, new Place(this, name, Place.ALONE));
            });
  }

  /**
   * Where the page begins, from {@code page_token}; empty for the first page.
   *
   * @param parts how many parts the key of the list has
   */
  public Optional<PageToken> pageToken(int parts) {
    return PageToken.parse(textOrEmpty("page_token"), parts);
  }

  /** The path of a field in the whole request, as messages name it: `metrics[0].key`. */
  public String path(String name) {
    return place == null ? name : place + name;
  }

  /** The error for a field that has to be there. */
  public MlflowException missing(String name) {
    return MlflowException.invalid(
        "Missing value for required parameter '%s'.%s".formatted(path(name), HELP));
  }

  /** A database of Unicode text has no place for NUL and for half of a pair. */
  private String storable(String name, String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == 0
          || (Character.isSurrogate(c)
              && !(Character.isHighSurrogate(c)
                  && i + 1 < text.length()
                  && Character.isLowSurrogate(text.charAt(++i))))) {
        throw MlflowException.invalid(
            "A value of the request cannot be stored: parameter '%s' has, at character %d, a NUL or half of a surrogate pair."
                .formatted(path(name), i));
      }
    }
    return text;
  }

  /** The message as JSON; equal messages have equal texts whatever the order of their fields. */
  @Override
  public String toString() {
    return sorted(fields()).toString();
  }

  private static JsonNode sorted(JsonNode node) {
    if (node instanceof ObjectNode object) {
      ObjectNode copy = JsonNodeFactory.instance.objectNode();
      new TreeMap<>(
              object
                  .propertyStream()
                  .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue)))
          .forEach((name, value) -> copy.set(name, sorted(value)));
      return copy;
    }
    if (node.isArray()) {
      ArrayNode copy = JsonNodeFactory.instance.arrayNode();
      node.forEach(item -> copy.add(sorted(item)));
      return copy;
    }
    return node;
  }

  private Iterable<JsonNode> elements(String name, JsonNode node) {
    if (!node.isArray()) {
      throw wrongType(name, node);
    }
    return node;
  }

  private Optional<JsonNode> field(String name) {
    JsonNode node = fields().get(name);
    if (node == null && name.indexOf('_') >= 0) {
      node = fields().get(CAMEL_CASE.computeIfAbsent(name, MlflowMessage::camelCase));
    }
    return node == null || node.isNull() ? Optional.empty() : Optional.of(node);
  }

  private static String camelCase(String name) {
    return UNDERSCORE.matcher(name).replaceAll(match -> match.group(1).toUpperCase(Locale.ROOT));
  }

  private MlflowException wrongType(String name, JsonNode node) {
    return wrongType(path(name), plainJson(node), pythonType(node));
  }

  /**
   * The error for a value that cannot be, with the value as JSON and its type as Python says it.
   */
  static MlflowException wrongType(String path, String json, String type) {
    return MlflowException.invalid(
        "Invalid value %s for parameter '%s' supplied:  Hint: Value was of type '%s'.%s"
            .formatted(json, path, type, HELP));
  }

  /**
   * The error for a number outside its range, in the form of a wrong type as the contract has it.
   */
  public MlflowException outOfRange(String name) {
    return field(name).map(node -> wrongType(name, node)).orElseGet(() -> missing(name));
  }

  private static String plain(JsonNode node) {
    return node.isString() ? node.stringValue() : node.toString();
  }

  private static String plainJson(JsonNode node) {
    String json = node.toString();
    return json.length() <= 500 ? json : json.substring(0, 500) + "...";
  }

  private static String pythonType(JsonNode node) {
    return switch (node.getNodeType()) {
      case STRING, BINARY -> "str";
      case BOOLEAN -> "bool";
      case NUMBER -> node.isIntegralNumber() ? "int" : "float";
      case ARRAY -> "list";
      case OBJECT, POJO -> "dict";
      case NULL, MISSING -> "NoneType";
    };
  }
}
