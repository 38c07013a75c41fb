package io.millrace.tracking.search;

import io.millrace.tracking.mlflow.MlflowException;
import io.millrace.tracking.search.Syntax.Value;
import io.millrace.tracking.search.Token.Kind;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What may be asked of one kind of thing: prefixes, attributes, comparators, kinds of values and
 * keys of an order. It reads filters and orders into checked form, and refuses with the messages of
 * the contract.
 */
public final class Vocabulary {

  /** Most keys of an order. */
  private static final int MOST_KEYS = 20;

  private static final int LONGEST_ORDER = 2000;

  /** Runs: everything of section "search" of MLflow's documentation, and more. */
  public static final Vocabulary RUNS =
      new Vocabulary(Form.RUNS)
          .prefixes(Entity.METRIC, "metric", "metrics")
          .prefixes(Entity.PARAM, "parameter", "parameters", "param", "params")
          .prefixes(Entity.TAG, "tag", "tags")
          .prefixes(Entity.ATTRIBUTE, "attribute", "attributes", "attr", "run")
          .prefixes(Entity.DATASET, "dataset", "datasets")
          .text("run_id", "user_id", "status", "artifact_uri")
          .synonyms(Type.TEXT, "run_name", "run_name", "run name", "Run name", "Run Name")
          .synonyms(Type.WHOLE, "start_time", "start_time", "created", "Created")
          .synonyms(Type.NULLABLE_WHOLE, "end_time", "end_time")
          .order(
              "run_id",
              "run_name",
              "user_id",
              "status",
              "start_time",
              "end_time",
              "artifact_uri",
              "created",
              "Created")
          .orderEntities(Entity.METRIC, Entity.PARAM, Entity.TAG);

  /** Experiments. */
  public static final Vocabulary EXPERIMENTS =
      new Vocabulary(Form.NAMED)
          .prefixes(Entity.ATTRIBUTE, "attribute")
          .prefixes(Entity.TAG, "tag", "tags")
          .text("name")
          .whole("creation_time", "last_update_time")
          .order("name", "experiment_id", "creation_time", "last_update_time");

  /** Registered models; the key {@code timestamp} of an order is the last update. */
  public static final Vocabulary REGISTERED_MODELS =
      new Vocabulary(Form.MODELS)
          .prefixes(Entity.ATTRIBUTE, "attribute")
          .prefixes(Entity.TAG, "tag", "tags")
          .text("name")
          .order("name", "timestamp", "last_updated_timestamp")
          .orderSynonym("timestamp", "last_updated_timestamp");

  /** Model versions. */
  public static final Vocabulary MODEL_VERSIONS =
      new Vocabulary(Form.NAMED)
          .prefixes(Entity.ATTRIBUTE, "attribute")
          .prefixes(Entity.TAG, "tag", "tags")
          .text("name", "run_id", "source_path")
          .synonyms(Type.QUOTED_WHOLE, "version_number", "version_number")
          .order("name", "version_number", "creation_timestamp", "last_updated_timestamp");

  /** Logged models; their metrics are ordered by as {@code metrics.<key>}. */
  public static final Vocabulary LOGGED_MODELS =
      new Vocabulary(Form.PLURAL)
          .prefixes(Entity.ATTRIBUTE, "attributes")
          .prefixes(Entity.METRIC, "metrics")
          .prefixes(Entity.PARAM, "params")
          .prefixes(Entity.TAG, "tags")
          .text("name", "model_id", "model_type", "status", "source_run_id")
          .synonyms(Type.WHOLE, "creation_timestamp", "creation_timestamp", "creation_time")
          .synonyms(
              Type.WHOLE, "last_updated_timestamp", "last_updated_timestamp", "last_updated_time")
          .order(
              "name",
              "model_id",
              "model_type",
              "status",
              "source_run_id",
              "creation_timestamp",
              "creation_time",
              "last_updated_timestamp",
              "last_updated_time")
          .orderEntities(Entity.METRIC);

  /** Which words the errors use. */
  private enum Form {
    RUNS,
    NAMED,
    MODELS,
    PLURAL
  }

  private enum Type {
    NUMBER(
        Operator.EQ,
        Operator.NE,
        Operator.LT,
        Operator.LE,
        Operator.GT,
        Operator.GE,
        Operator.IS_NULL,
        Operator.IS_NOT_NULL),
    WHOLE(Operator.EQ, Operator.NE, Operator.LT, Operator.LE, Operator.GT, Operator.GE),
    QUOTED_WHOLE(Operator.EQ, Operator.NE, Operator.LT, Operator.LE, Operator.GT, Operator.GE),
    NULLABLE_WHOLE(
        Operator.EQ,
        Operator.NE,
        Operator.LT,
        Operator.LE,
        Operator.GT,
        Operator.GE,
        Operator.IS_NULL,
        Operator.IS_NOT_NULL),
    TEXT(Operator.EQ, Operator.NE, Operator.LIKE, Operator.ILIKE, Operator.IN, Operator.NOT_IN),
    NULLABLE_TEXT(
        Operator.EQ,
        Operator.NE,
        Operator.LIKE,
        Operator.ILIKE,
        Operator.IN,
        Operator.NOT_IN,
        Operator.IS_NULL,
        Operator.IS_NOT_NULL);

    private final Set<Operator> operators;

    Type(Operator... operators) {
      this.operators = EnumSet.copyOf(List.of(operators));
    }
  }

  private record Attribute(String name, Type type) {}

  private static final Attribute DATASET_ATTRIBUTE = new Attribute("", Type.TEXT);
  private static final Set<String> DATASET_KEYS = Set.of("name", "digest", "context");

  private final Form form;
  private final Map<String, Entity> prefixes = new LinkedHashMap<>();
  private final Map<String, Attribute> attributes = new LinkedHashMap<>();
  private final Set<String> orderAttributes = new LinkedHashSet<>();
  private final Map<String, String> orderSynonyms = new LinkedHashMap<>();
  private final Set<Entity> orderEntities = EnumSet.of(Entity.ATTRIBUTE);

  private Vocabulary(Form form) {
    this.form = form;
  }

  private Vocabulary prefixes(Entity entity, String... texts) {
    for (String text : texts) {
      prefixes.put(text, entity);
    }
    return this;
  }

  private Vocabulary text(String... names) {
    for (String name : names) {
      attributes.put(name, new Attribute(name, Type.TEXT));
    }
    return this;
  }

  private Vocabulary whole(String... names) {
    for (String name : names) {
      attributes.put(name, new Attribute(name, Type.WHOLE));
    }
    return this;
  }

  private Vocabulary synonyms(Type type, String name, String... texts) {
    for (String text : texts) {
      attributes.put(text, new Attribute(name, type));
    }
    return this;
  }

  private Vocabulary order(String... names) {
    orderAttributes.addAll(List.of(names));
    return this;
  }

  private Vocabulary orderSynonym(String text, String name) {
    orderSynonyms.put(text, name);
    return this;
  }

  private Vocabulary orderEntities(Entity... entities) {
    orderEntities.addAll(List.of(entities));
    return this;
  }

  /**
   * Reads a filter; blank text is {@link Filter#ALL}.
   *
   * @throws MlflowException INVALID_PARAMETER_VALUE where it has no sense
   */
  public Filter filter(String text) {
    Syntax.Parsed parsed = Syntax.parse(text);
    List<Typed> typed = parsed.clauses().stream().map(this::typed).toList();
    return filter(parsed.root(), typed.stream().map(Vocabulary::clause).toList());
  }

  private static Filter filter(Syntax.Node node, List<Filter.Clause> clauses) {
    return switch (node) {
      case Syntax.Node.And(List<Syntax.Node> parts) ->
          new Filter.And(parts.stream().map(part -> filter(part, clauses)).toList());
      case Syntax.Node.Or(List<Syntax.Node> parts) ->
          new Filter.Or(parts.stream().map(part -> filter(part, clauses)).toList());
      case Syntax.Node.Not(Syntax.Node part) -> new Filter.Not(filter(part, clauses));
      case Syntax.Node.Leaf(int clause) -> clauses.get(clause);
    };
  }

  /** A clause whose field and value are checked and whose comparator is not. */
  private record Typed(Field field, Type type, String comparator, @Nullable Object value) {}

  private Typed typed(Syntax.Clause clause) {
    Token left = clause.left();
    if (left.kind() != Kind.WORD && !left.text().startsWith("\"")) {
      throw invalid("Invalid comparison clause. Expected 'Identifier' found '%s'", left.text());
    }
    Field named = field(left.text(), attributes.keySet());
    Field field;
    Type type;
    if (named.entity() == Entity.ATTRIBUTE) {
      Attribute attribute = attribute(named.key());
      field = new Field(Entity.ATTRIBUTE, attribute.name());
      type = attribute.type();
    } else {
      field = named;
      type =
          switch (named.entity()) {
            case METRIC -> Type.NUMBER;
            case PARAM, TAG -> Type.NULLABLE_TEXT;
            case DATASET, ATTRIBUTE -> DATASET_ATTRIBUTE.type();
          };
    }
    return new Typed(
        field,
        type,
        clause.comparator(),
        clause.value() == null
            ? null
            : value(field, named.key(), type, clause.comparator(), clause.value()));
  }

  private Attribute attribute(String key) {
    Attribute attribute = attributes.get(key);
    if (attribute == null) {
      throw invalidAttribute(key, attributes.keySet());
    }
    return attribute;
  }

  private static Filter.Clause clause(Typed typed) {
    Operator operator =
        Operator.of(typed.comparator())
            .filter(typed.type().operators::contains)
            .orElseThrow(
                () ->
                    invalid(
                        "Invalid comparator '%s' not one of '%s'",
                        typed.comparator(),
                        Python.set(typed.type().operators.stream().map(Operator::text).toList())));
    return new Filter.Clause(typed.field(), test(operator, typed.value()));
  }

  private static Filter.Test test(Operator operator, @Nullable Object value) {
    return switch (value) {
      case null -> new Filter.Present(operator == Operator.IS_NOT_NULL);
      case Double number -> new Filter.Number(operator, number);
      case Long whole -> new Filter.Whole(operator, whole);
      case String text -> new Filter.Text(operator, pattern(operator, text));
      case List<?> list ->
          new Filter.OneOf(
              operator == Operator.NOT_IN, list.stream().map(String.class::cast).toList());
      default -> throw new IllegalStateException("a value of " + value.getClass());
    };
  }

  private static String pattern(Operator operator, String text) {
    if (operator == Operator.LIKE || operator == Operator.ILIKE) {
      int escapes = text.length();
      while (escapes > 0 && text.charAt(escapes - 1) == '\\') {
        escapes--;
      }
      if ((text.length() - escapes) % 2 == 1) {
        throw invalid("Invalid pattern '%s': nothing follows its last backslash.", text);
      }
    }
    return text;
  }

  private Object value(Field field, String written, Type type, String comparator, Value value) {
    return switch (type) {
      case NUMBER -> number(value);
      case WHOLE, NULLABLE_WHOLE -> whole(written, value);
      case QUOTED_WHOLE -> quotedWhole(written, value);
      case TEXT, NULLABLE_TEXT ->
          comparator.endsWith("IN") ? texts(field, value) : text(field, value);
    };
  }

  private static Double number(Value value) {
    if (value.single() == null || value.single().kind() != Kind.NUMBER) {
      throw invalid("Expected numeric value type for metric. Found %s", value.text());
    }
    return Double.valueOf(value.text());
  }

  private static Long whole(String key, Value value) {
    if (value.single() != null && value.single().kind() == Kind.NUMBER) {
      Optional<Long> whole = whole(value.text());
      if (whole.isPresent()) {
        return whole.get();
      }
    }
    throw invalid(
        "Expected numeric value type for numeric attribute: %s. Found %s", key, value.text());
  }

  private static Long quotedWhole(String key, Value value) {
    if (value.single() != null && value.single().kind() == Kind.STRING) {
      Optional<Long> whole = whole(Syntax.unquoted(value.text()));
      if (whole.isPresent()) {
        return whole.get();
      }
    }
    return whole(key, value);
  }

  private static Optional<Long> whole(String text) {
    try {
      return Optional.of(Long.parseLong(text));
    } catch (NumberFormatException notPlain) {
      try {
        double value = Double.parseDouble(text);
        return value == Math.rint(value) && Math.abs(value) < 0x1p53
            ? Optional.of((long) value)
            : Optional.empty();
      } catch (NumberFormatException notANumber) {
        return Optional.empty();
      }
    }
  }

  private static String text(Field field, Value value) {
    Token single = value.single();
    if (single != null && single.kind() == Kind.STRING) {
      return Syntax.unquoted(single.text());
    }
    if (single != null && (single.kind() == Kind.WORD || single.kind() == Kind.OPERATION)) {
      throw invalid(
          "Parameter value is either not quoted or unidentified quote types used for string value %s. Use either single or double quotes.",
          single.text());
    }
    throw switch (field.entity()) {
      case ATTRIBUTE ->
          invalid("Expected a quoted string value for attributes. Got value %s", value.text());
      case DATASET ->
          invalid(
              "Expected a quoted string value for dataset attributes. Got value %s", value.text());
      case METRIC, PARAM, TAG ->
          invalid(
              "Expected a quoted string value for %s (e.g. 'my-value'). Got value %s",
              field.entity().text(), value.text());
    };
  }

  private List<String> texts(Field field, Value value) {
    List<Token> items = value.items();
    if (items == null) {
      throw invalid(
          "While parsing a list in the query, expected a non-empty list of string values, but got ill-formed list.");
    }
    if (items.isEmpty()) {
      throw invalid(
          "While parsing a list in the query, expected a non-empty list of string values, but got empty list");
    }
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < items.size(); i++) {
      Token item = items.get(i);
      boolean comma = i % 2 == 1;
      if (comma != (item.kind() == Kind.COMMA)) {
        throw invalid(
            "While parsing a list in the query, expected a non-empty list of string values, but got ill-formed list.");
      }
      if (!comma) {
        if (item.kind() != Kind.STRING) {
          throw invalid(
              "While parsing a list in the query, expected string value, punctuation, or whitespace, but got different type in list: %s",
              value.text());
        }
        texts.add(Syntax.unquoted(item.text()));
      }
    }
    if (texts.size() > Syntax.MOST_VALUES) {
      throw invalid(
          "A list of the filter has %s values; at most %s are read.",
          texts.size(), Syntax.MOST_VALUES);
    }
    if (form == Form.RUNS && field.equals(new Field(Entity.ATTRIBUTE, "run_id"))) {
      // Ids of runs have no upper case; the contract drops what cannot be one.
      texts.removeIf(text -> !text.equals(text.toLowerCase(Locale.ROOT)));
    }
    return texts;
  }

  /**
   * Reads the keys of an order, each {@code name [ASC|DESC]}.
   *
   * @throws MlflowException INVALID_PARAMETER_VALUE where one has no sense or comes twice
   */
  public List<OrderKey> order(List<String> clauses) {
    if (clauses.size() > MOST_KEYS) {
      throw invalid("`order_by` has %s keys; at most %s are read.", clauses.size(), MOST_KEYS);
    }
    List<OrderKey> keys = new ArrayList<>();
    Set<String> seen = new LinkedHashSet<>();
    List<String> twice = new ArrayList<>();
    for (String clause : clauses) {
      OrderKey key = orderKey(clause);
      if (!seen.add(key.field().toString())) {
        twice.add(key.field().toString());
      }
      keys.add(key);
    }
    if (!twice.isEmpty()) {
      throw invalid("`order_by` contains duplicate fields: %s", Python.list(twice));
    }
    return keys;
  }

  private OrderKey orderKey(String clause) {
    if (clause.length() > LONGEST_ORDER) {
      throw invalid(
          "Invalid order_by clause '%s'. It has more than %s characters.",
          Syntax.shortened(clause), LONGEST_ORDER);
    }
    Syntax.requireText(clause, "order_by clause");
    List<Token> tokens = Token.all(clause);
    boolean named =
        !tokens.isEmpty()
            && tokens.size() <= 2
            && (tokens.getFirst().kind() == Kind.WORD || tokens.getFirst().text().startsWith("\""))
            && tokens.getLast().kind() != Kind.OTHER;
    if (!named || (tokens.size() == 2 && tokens.getLast().kind() != Kind.WORD)) {
      throw invalid("Invalid order_by clause '%s'. Could not be parsed.", clause);
    }
    boolean ascending = tokens.size() == 1 || tokens.getLast().is("ASC");
    if (tokens.size() == 2 && !ascending && !tokens.getLast().is("DESC")) {
      throw invalid("Invalid ordering key in order_by clause '%s'.", clause);
    }
    return orderKey(tokens.getFirst().text(), ascending);
  }

  /** The key of an order whose direction came apart from its name. */
  public OrderKey orderKey(String name, boolean ascending) {
    Syntax.requireText(name, "order_by clause");
    if (form == Form.MODELS && !orderAttributes.contains(name)) {
      throw invalid(
          "Invalid order by key '%s' specified. Valid keys are '%s'",
          name, Python.set(List.of("name", "timestamp")));
    }
    Field field = field(name, orderAttributes);
    if (!orderEntities.contains(field.entity())) {
      throw invalid("Invalid order_by entity: %s", field.entity().text());
    }
    if (field.entity() == Entity.ATTRIBUTE) {
      Attribute attribute = attributes.get(field.key());
      String known = attribute == null ? field.key() : attribute.name();
      field = new Field(Entity.ATTRIBUTE, orderSynonyms.getOrDefault(known, known));
    }
    return new OrderKey(field, ascending);
  }

  private Field field(String name, Set<String> known) {
    int dot = dot(name);
    Entity entity = dot < 0 ? Entity.ATTRIBUTE : prefix(name.substring(0, dot));
    String key = Syntax.unquoted(dot < 0 ? name : name.substring(dot + 1));
    if (entity == Entity.ATTRIBUTE && !known.contains(key)) {
      throw invalidAttribute(key, known);
    }
    if (entity == Entity.DATASET && !DATASET_KEYS.contains(key)) {
      throw invalid(
          "Invalid dataset key '%s' specified. Valid keys are '%s'", key, Python.set(DATASET_KEYS));
    }
    return new Field(entity, key);
  }

  private Entity prefix(String written) {
    String text = Syntax.unquoted(written);
    Entity entity = prefixes.get(text);
    if (entity != null) {
      return entity;
    }
    throw switch (form) {
      case RUNS ->
          invalid(
              "Invalid entity type '%s'. Valid values are %s",
              text, Python.list(List.of("metric", "parameter", "tag", "attribute", "dataset")));
      case NAMED, MODELS ->
          invalid(
              "Invalid entity type '%s'. Valid entity types are %s",
              text, Python.tuple(prefixes.keySet()));
      case PLURAL ->
          invalid(
              "Invalid entity type '%s'. Expected one of %s.",
              text, Python.list(prefixes.keySet()));
    };
  }

  /** The first dot that stands outside of quotes, or -1. */
  private static int dot(String name) {
    char quote = 0;
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      if (quote != 0) {
        quote = c == quote ? 0 : quote;
      } else if (c == '`' || c == '"') {
        quote = c;
      } else if (c == '.') {
        return i;
      }
    }
    return -1;
  }

  private static MlflowException invalidAttribute(String key, Set<String> known) {
    return invalid(
        "Invalid attribute key '%s' specified. Valid keys are '%s'", key, Python.set(known));
  }

  private static MlflowException invalid(String message, Object... parts) {
    Object[] shortened = new Object[parts.length];
    for (int i = 0; i < parts.length; i++) {
      shortened[i] = parts[i] instanceof String text ? limited(text) : parts[i];
    }
    return MlflowException.invalid(message.formatted(shortened));
  }

  private static String limited(String text) {
    int most = 1000;
    return text.length() <= most
        ? text
        : text.substring(0, text.offsetByCodePoints(0, most / 2)) + "...";
  }
}
