package io.millrace.tracking.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.millrace.tracking.mlflow.MlflowException;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class VocabularyTest {

  private static String read(String filter) {
    return text(Vocabulary.RUNS.filter(filter));
  }

  private static String text(Filter filter) {
    return switch (filter) {
      case Filter.And(List<Filter> parts) -> joined("and", parts);
      case Filter.Or(List<Filter> parts) -> joined("or", parts);
      case Filter.Not(Filter part) -> "not " + text(part);
      case Filter.Clause(Field field, Filter.Test test) ->
          field
              + " "
              + switch (test) {
                case Filter.Number(Operator operator, double value) ->
                    operator.text() + " " + value;
                case Filter.Whole(Operator operator, long value) -> operator.text() + " " + value;
                case Filter.Text(Operator operator, String value) ->
                    operator.text() + " [" + value + "]";
                case Filter.OneOf(boolean negated, List<String> values) ->
                    (negated ? "NOT IN " : "IN ") + values;
                case Filter.Present(boolean present) -> present ? "there" : "missing";
              };
    };
  }

  private static String joined(String word, List<Filter> parts) {
    return parts.stream()
        .map(VocabularyTest::text)
        .collect(Collectors.joining(" " + word + " ", "{", "}"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '#',
      ignoreLeadingAndTrailingWhitespace = true,
      value = {
        "metrics.acc > 0.5 | metric.acc > 0.5",
        "metric.acc<=-1e-3 | metric.acc <= -0.001",
        "metrics.acc = .5 | metric.acc = 0.5",
        "metrics.f1.macro != 1 | metric.f1.macro != 1.0",
        "metrics.`val loss/é-1` < 2 | metric.val loss/é-1 < 2.0",
        "metrics.\"a b\" >= 2 | metric.a b >= 2.0",
        "`metrics`.acc > 1e400 | metric.acc > Infinity",
        "params.lr='0.1' | parameter.lr = [0.1]",
        "param.lr = \"it's\" | parameter.lr = [it's]",
        "parameters.lr LIKE '%a_b%' | parameter.lr LIKE [%a_b%]",
        "parameter.lr ilike 'X' | parameter.lr ILIKE [X]",
        "params.lr IS NULL | parameter.lr missing",
        "params.lr is not null | parameter.lr there",
        "tags.`mlflow.user` != 'bob' | tag.mlflow.user != [bob]",
        "tag.k = '' | tag.k = []",
        "tags.k = '; drop table runs; --' | tag.k = [; drop table runs; --]",
        "status = 'FINISHED' | status = [FINISHED]",
        "attributes.run_name = 'x' | run_name = [x]",
        "`run name` = 'x' | run_name = [x]",
        "attr.`Run Name` ILIKE 'x%' | run_name ILIKE [x%]",
        "run.start_time >= 5 | start_time >= 5",
        "Created < 10 | start_time < 10",
        "end_time = 1e3 | end_time = 1000",
        "run_id IN ('a', 'b') | run_id IN [a, b]",
        "run_id not in ('a') | run_id NOT IN [a]",
        "run_id IN ('aB', 'c', 'DD') | run_id IN [c]",
        "datasets.name IN ('A') | dataset.name IN [A]",
        "dataset.context = 'train' | dataset.context = [train]",
        "metrics.a > 1 and params.b = 'x' AND tags.c = 'y' | {metric.a > 1.0 and parameter.b = [x] and tag.c = [y]}",
        "and | {}",
        "metrics.a > 1 AND | metric.a > 1.0",
        "AND metrics.a > 1 AND AND metrics.b > 1 | {metric.a > 1.0 and metric.b > 1.0}",
      })
  void readsWhatTheContractReads(String filter, String read) {
    assertThat(read(filter)).isEqualTo(read);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '#',
      value = {
        "metrics.a > 1 OR metrics.b > 1 and metrics.c > 1 | {metric.a > 1.0 or {metric.b > 1.0 and metric.c > 1.0}}",
        "(metrics.a > 1 or metrics.b > 1) AND NOT (tags.c = 'y') | {{metric.a > 1.0 or metric.b > 1.0} and not tag.c = [y]}",
        "NOT status IN ('FAILED', 'KILLED') | not status IN [FAILED, KILLED]",
        "((metrics.a > 1)) | metric.a > 1.0",
        "params.a NOT IN ('x','y') | parameter.a NOT IN [x, y]",
        "tags.a IN (\"x\") | tag.a IN [x]",
        "metrics.a IS NOT NULL | metric.a there",
        "end_time is null | end_time missing",
        "not not metrics.a > 1 | not not metric.a > 1.0",
      })
  void readsMoreThanTheContract(String filter, String read) {
    assertThat(read(filter)).isEqualTo(read);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '#',
      value = {
        "or | Invalid clause(s) in filter string: 'or'",
        "metrics.acc | Invalid clause(s) in filter string: 'metrics.acc'",
        "metrics.acc > | Invalid clause(s) in filter string: 'metrics.acc', '>'",
        "metrics.acc > +0.5 | Invalid clause(s) in filter string: 'metrics.acc', '>', '+', '0.5'",
        "metrics.acc BETWEEN 1 AND 2 | Invalid clause(s) in filter string: 'metrics.acc', 'BETWEEN', '1', '2'",
        "metrics.acc > 1 OR | Invalid clause(s) in filter string: 'OR'",
        "metrics.acc > 1; | Invalid clause(s) in filter string: ';'",
        "metrics.acc > 1 -- x | Invalid clause(s) in filter string: '-', '-', 'x'",
        "params.a = 'x | Invalid clause(s) in filter string: 'params.a', '=', ''', 'x'",
        "metrics.acc == 1 | Invalid comparator '==' not one of '{'!=', '<', '<=', '=', '>', '>=', 'IS NOT NULL', 'IS NULL'}'",
        "metrics.acc <> 1 | Invalid comparator '<>' not one of '{'!=', '<', '<=', '=', '>', '>=', 'IS NOT NULL', 'IS NULL'}'",
        "metrics.acc like 1 | Invalid comparator 'LIKE' not one of '{'!=', '<', '<=', '=', '>', '>=', 'IS NOT NULL', 'IS NULL'}'",
        "status > 'a' | Invalid comparator '>' not one of '{'!=', '=', 'ILIKE', 'IN', 'LIKE', 'NOT IN'}'",
        "params.a RLIKE 'x' | Invalid comparator 'RLIKE' not one of '{'!=', '=', 'ILIKE', 'IN', 'IS NOT NULL', 'IS NULL', 'LIKE', 'NOT IN'}'",
        "status IS NULL | Invalid comparator 'IS NULL' not one of '{'!=', '=', 'ILIKE', 'IN', 'LIKE', 'NOT IN'}'",
        "foo.a = 'x' | Invalid entity type 'foo'. Valid values are ['metric', 'parameter', 'tag', 'attribute', 'dataset']",
        "METRICS.a > 1 | Invalid entity type 'METRICS'. Valid values are ['metric', 'parameter', 'tag', 'attribute', 'dataset']",
        "foo = 'x' | Invalid attribute key 'foo' specified. Valid keys are '{'Created', 'Run Name', 'Run name', 'artifact_uri', 'created', 'end_time', 'run name', 'run_id', 'run_name', 'start_time', 'status', 'user_id'}'",
        "datasets.foo = 'x' | Invalid dataset key 'foo' specified. Valid keys are '{'context', 'digest', 'name'}'",
        "metrics.acc > '0.5' | Expected numeric value type for metric. Found '0.5'",
        "metrics.acc > b | Expected numeric value type for metric. Found b",
        "metrics.acc > 0x10 | Expected numeric value type for metric. Found 0x10",
        "metrics.acc IN ('a') | Expected numeric value type for metric. Found ('a')",
        "params.lr = 0.1 | Expected a quoted string value for parameter (e.g. 'my-value'). Got value 0.1",
        "tags.lr = 1 | Expected a quoted string value for tag (e.g. 'my-value'). Got value 1",
        "status = 1 | Expected a quoted string value for attributes. Got value 1",
        "datasets.name = 1 | Expected a quoted string value for dataset attributes. Got value 1",
        "start_time > '5' | Expected numeric value type for numeric attribute: start_time. Found '5'",
        "created > 1.5 | Expected numeric value type for numeric attribute: created. Found 1.5",
        "start_time > 99999999999999999999 | Expected numeric value type for numeric attribute: start_time. Found 99999999999999999999",
        "0.5 < metrics.acc | Invalid comparison clause. Expected 'Identifier' found '0.5'",
        "'x' = params.a | Invalid comparison clause. Expected 'Identifier' found ''x''",
        "metrics.a-b > 1 | Invalid comparison clause. Expected 'Identifier' found 'metrics.a-b'",
        "params.a = b | Parameter value is either not quoted or unidentified quote types used for string value b. Use either single or double quotes.",
        "metrics.a > 1; metrics.b > 2 | Search filter contained multiple expression 'metrics.a > 1; metrics.b > 2'. Provide AND-ed expression list.",
        "tags.a = 'x'; 1 | Search filter contained multiple expression \"tags.a = 'x'; 1\". Provide AND-ed expression list.",
        "run_id IN () | While parsing a list in the query, expected a non-empty list of string values, but got empty list",
        "run_id IN (1) | While parsing a list in the query, expected string value, punctuation, or whitespace, but got different type in list: (1)",
        "run_id IN ('a' 'b') | While parsing a list in the query, expected a non-empty list of string values, but got ill-formed list.",
        "params.a LIKE 'x\\' | Invalid pattern 'x\\': nothing follows its last backslash.",
        "() | Invalid clause(s) in filter string: '()'",
        "(metrics.a > 1 | Invalid clause(s) in filter string: '(metrics.a > 1'",
        "metrics.a > 1) | Invalid clause(s) in filter string: ')'",
        "NOT | Invalid clause(s) in filter string: 'NOT'",
      })
  void refusesInTheWordsOfTheContract(String filter, String message) {
    assertThatThrownBy(() -> read(filter)).isInstanceOf(MlflowException.class).hasMessage(message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '#',
      value = {
        "metrics.acc | metric.acc true",
        "metrics.acc DESC | metric.acc false",
        "`metrics`.`a b` asc | metric.a b true",
        "params.lr desc | parameter.lr false",
        "attribute.start_time ASC | start_time true",
        "Created | start_time true",
        "end_time DESC | end_time false",
      })
  void readsOrders(String clause, String read) {
    OrderKey key = Vocabulary.RUNS.order(List.of(clause)).getFirst();

    assertThat(key.field() + " " + key.ascending()).isEqualTo(read);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '#',
      nullValues = "none",
      value = {
        "metrics.acc FOO | Invalid ordering key in order_by clause 'metrics.acc FOO'.",
        "metrics.acc DESC x | Invalid order_by clause 'metrics.acc DESC x'. Could not be parsed.",
        "metrics.a, metrics.b | Invalid order_by clause 'metrics.a, metrics.b'. Could not be parsed.",
        "0.5 | Invalid order_by clause '0.5'. Could not be parsed.",
        "metrics.a-b | Invalid order_by clause 'metrics.a-b'. Could not be parsed.",
        "metrics.a; drop | Invalid order_by clause 'metrics.a; drop'. Could not be parsed.",
        "foo.a | Invalid entity type 'foo'. Valid values are ['metric', 'parameter', 'tag', 'attribute', 'dataset']",
        "`run name` | Invalid attribute key 'run name' specified. Valid keys are '{'Created', 'artifact_uri', 'created', 'end_time', 'run_id', 'run_name', 'start_time', 'status', 'user_id'}'",
        "datasets.name | Invalid order_by entity: dataset",
      })
  void refusesOrdersInTheWordsOfTheContract(String clause, String message) {
    assertThatThrownBy(() -> Vocabulary.RUNS.order(List.of(clause)))
        .isInstanceOf(MlflowException.class)
        .hasMessage(message);
  }

  @Test
  void refusesAnEmptyOrderAndOneFieldTwice() {
    assertThatThrownBy(() -> Vocabulary.RUNS.order(List.of("")))
        .hasMessage("Invalid order_by clause ''. Could not be parsed.");
    assertThatThrownBy(
            () -> Vocabulary.RUNS.order(List.of("metrics.a", "created", "start_time DESC")))
        .hasMessage("`order_by` contains duplicate fields: ['start_time']");
  }

  @Test
  void hasAVocabularyForEachKindOfThing() {
    assertThat(text(Vocabulary.EXPERIMENTS.filter("name LIKE 'a%' AND tags.k = 'v'")))
        .isEqualTo("{name LIKE [a%] and tag.k = [v]}");
    assertThat(text(Vocabulary.EXPERIMENTS.filter("attribute.creation_time > 5")))
        .isEqualTo("creation_time > 5");
    assertThatThrownBy(() -> Vocabulary.EXPERIMENTS.filter("attributes.name = 'x'"))
        .hasMessage(
            "Invalid entity type 'attributes'. Valid entity types are ('attribute', 'tag', 'tags')");
    assertThatThrownBy(() -> Vocabulary.EXPERIMENTS.order(List.of("tags.a")))
        .hasMessage("Invalid order_by entity: tag");
    assertThat(Vocabulary.REGISTERED_MODELS.order(List.of("timestamp DESC")))
        .containsExactly(
            new OrderKey(new Field(Entity.ATTRIBUTE, "last_updated_timestamp"), false));
    assertThatThrownBy(() -> Vocabulary.REGISTERED_MODELS.order(List.of("creation_timestamp")))
        .hasMessage(
            "Invalid order by key 'creation_timestamp' specified. Valid keys are '{'name', 'timestamp'}'");
    assertThat(text(Vocabulary.MODEL_VERSIONS.filter("version_number >= '3' and run_id IN ('A')")))
        .isEqualTo("{version_number >= 3 and run_id IN [A]}");
    assertThatThrownBy(() -> Vocabulary.MODEL_VERSIONS.filter("creation_timestamp > 1"))
        .hasMessage(
            "Invalid attribute key 'creation_timestamp' specified. Valid keys are '{'name', 'run_id', 'source_path', 'version_number'}'");
    assertThat(text(Vocabulary.LOGGED_MODELS.filter("metrics.a > 1 AND creation_time < 5")))
        .isEqualTo("{metric.a > 1.0 and creation_timestamp < 5}");
    assertThat(Vocabulary.LOGGED_MODELS.orderKey("metrics.a", false).field())
        .isEqualTo(new Field(Entity.METRIC, "a"));
    assertThatThrownBy(() -> Vocabulary.LOGGED_MODELS.filter("metric.a > 1"))
        .hasMessageContaining("Invalid entity type 'metric'");
  }

  @Test
  void boundsWhatItReads() {
    assertThatThrownBy(() -> read("x".repeat(Syntax.LONGEST + 1)))
        .hasMessageContaining("at most 65536");
    assertThatThrownBy(() -> read("(".repeat(30_000))).hasMessageContaining("deeper than 32");
    assertThatThrownBy(() -> read("not ".repeat(10_000) + "metrics.a > 1"))
        .hasMessageContaining("deeper than 32");
    assertThat(read("(".repeat(20) + "metrics.a > 1" + ")".repeat(20))).isEqualTo("metric.a > 1.0");
    assertThatThrownBy(() -> read("metrics.a > 1 and ".repeat(101)))
        .hasMessageContaining("more than 100 clauses");
    assertThatThrownBy(() -> read("run_id IN (" + "'a',".repeat(1000) + "'b')"))
        .hasMessageContaining("at most 1000");
    assertThat(catchThrowable(() -> read("x ".repeat(20_000))).getMessage()).hasSizeLessThan(1000);
    assertThatThrownBy(() -> Vocabulary.RUNS.order(List.of("metrics.a".repeat(1000))))
        .hasMessageContaining("more than 2000");
  }

  @ParameterizedTest
  @ValueSource(strings = {"tags.a = 'x\0'", "tags.\0 = 'x'", "tags.a = '\ud83d'", "\ude00"})
  void refusesWhatNoTextCanHave(String filter) {
    assertThatThrownBy(() -> read(filter))
        .isInstanceOf(MlflowException.class)
        .hasMessageContaining("no text can have");
  }

  @Test
  void answersAnyTextWithAFilterOrARefusal() {
    Random random = new Random(7);
    List<String> words =
        Arrays.asList(
            "metrics",
            ".",
            "a",
            "'",
            "\"",
            "`",
            "(",
            ")",
            ",",
            ";",
            "--",
            "/*",
            "and",
            "or",
            "not",
            "in",
            "is",
            "null",
            "like",
            "=",
            "<",
            "!",
            "~",
            "1",
            "-",
            "1e9",
            "😀",
            "é",
            "params.x",
            "'x'",
            " ",
            "\n",
            "\\",
            "run_id",
            "%",
            "tags.k",
            "0x",
            "..",
            "#",
            "\u0301");
    for (int i = 0; i < 50_000; i++) {
      StringBuilder text = new StringBuilder();
      for (int n = random.nextInt(12); n >= 0; n--) {
        text.append(words.get(random.nextInt(words.size())))
            .append(random.nextInt(3) == 0 ? " " : "");
      }
      String filter = text.toString();
      assertThatCode(
              () -> {
                try {
                  Vocabulary.RUNS.filter(filter);
                  Vocabulary.RUNS.order(List.of(filter));
                } catch (MlflowException refused) {
                  assertThat(refused).hasMessageNotContaining("null pointer");
                }
              })
          .as(filter)
          .doesNotThrowAnyException();
    }
  }
}
