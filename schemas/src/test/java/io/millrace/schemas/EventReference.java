package io.millrace.schemas;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.avro.LogicalTypes;
import org.apache.avro.Schema;
import org.apache.avro.specific.SpecificRecord;

/** The page about topics and events, written from their declarations. */
final class EventReference {
  private static final Path EXAMPLES = Path.of("src/main/resources/examples");

  /** Each service's test of its routes looks here for those that leave no event. */
  private static final String NO_EVENT =
      """
      ## What leaves no event

      Whatever changes state leaves an event, which enters the outbox in the transaction of the change.
      A call that finds everything as it wants it leaves none, nor one that is refused, except that a
      refused table is told of. These calls could change something by their method, and leave no event:

      | call | why |
      |---|---|
      | searches by `POST`: `experiments/search`, `experiments/search-datasets`, `runs/search`, `logged-models/search`, `registered-models/get-latest-versions`; `POST /api/v1/contents/missing`, `POST /api/2.0/mlflow/artifacts/presigned-upload-url` | They read; the last refuses whatever it is asked. |
      | `POST /api/v1/runs/{runId}/heartbeat` | It extends a lease, which ends by itself. |
      | `POST /api/v1/webhooks/{id}/test`, `POST /api/2.0/mlflow/webhooks/{id}/test` | An example is brought to the receiver and nothing kept. |
      | `POST /api/v1/webhooks/{id}/replay`, `POST /api/v1/webhooks/{id}/deliveries/{delivery}/replay` | They queue what webhooks are told of events that are there. An event of a delivery would be delivered itself, and so on without end; the log of deliveries has them. |
      | `POST /api/v1/dead-letters/{topic}/{partition}/{offset}/replay` | It publishes the record once more, under the id it has; what comes of it is told. No database changes: record and mark are one Kafka transaction. |
      | `PUT /api/v1/contents/{sha256}`, `POST /api/v1/contents/{sha256}/uploads`, `PUT /api/v1/contents/{sha256}/uploads/{id}/parts/{number}`, `POST /api/v1/contents/{sha256}/uploads/{id}/complete` | Bytes without a name, which go again unless a dataset version takes them: that is told. |
      | `POST /api/v1/datasets/{name}/versions/{version}/verify` | It reads; damage that it finds is noted of the stored bytes, as a download does. |
      | `POST /api/v1/artifacts/gc` | It removes bytes that nothing needs any more; what made them so was told. |
      | `POST /api/2.0/mlflow-artifacts/mpu/create/{path}`, `POST /api/2.0/mlflow-artifacts/mpu/abort/{path}`, `PUT /api/2.0/mlflow-artifacts/mpu/part/{upload}/{number}` | An upload in parts is no file before it is completed, which is told. |
      | `POST` of rows to a model | Scoring changes nothing; rows are told as `PredictionLogged`, straight to Kafka and without an outbox, so that no answer waits for a database. |

      A file that is stored leaves `ArtifactStored`, one event a file, since each is a call of its own and whoever
      follows files wants its digest. Deleting a folder is one call and leaves one `ArtifactDeleted` with the path and
      the number of files: a tree of 100 000 goes in one statement, whose events would be the list of what a reader of
      the topic has been told already. A run may store files by the thousand, so `ArtifactStored` stays in the history
      as long as metrics do (`millrace.flows.keep-metrics`), and the console shows it among what is logged.
      """;

  private final SchemaCatalogue catalogue = SchemaCatalogue.load();
  private final Map<String, Schema> shared = new LinkedHashMap<>();
  private final StringBuilder page = new StringBuilder();

  static String markdown() throws IOException {
    EventReference reference = new EventReference();
    reference.write();
    return reference.page.toString();
  }

  private void write() throws IOException {
    page.append(
        """
        # Events

        <!-- Generated from schemas/src/main. To renew it: %s -->

        Every topic of the platform and every event on it. A record's value is Avro in Confluent
        framing: a zero byte, the schema id in four bytes, then the body. Its headers are CloudEvents
        1.0 in binary mode: `ce_type` is `io.millrace.` and the event's name, `ce_id` stays the same when a
        record is delivered again. On command topics the value may be plain JSON instead, as in the
        examples. The gateway serves the schemas under `/schema-registry`; the same as a document for
        tools is [asyncapi.yaml](asyncapi.yaml).

        ## Topics

        | topic | what it carries | key | partitions | kept | kind | written by | read by |
        |---|---|---|---|---|---|---|---|
        """
            .formatted(Renewal.COMMAND));
    for (Topic topic : Topics.all()) {
      page.append(
          "| `%s` | %s | %s | %d | %s | %s | %s | %s |%n"
              .formatted(
                  topic.name(),
                  topic.purpose(),
                  topic.key(),
                  topic.partitions(),
                  kept(topic),
                  topic.kind().name().toLowerCase(java.util.Locale.ROOT),
                  topic.writer(),
                  String.join(", ", topic.readers())));
    }
    page.append(
        """

        A record on a command topic of more than %d KiB is refused without being read.
        What no handler could process goes to the topic of the same name with `%s` behind it, with
        the reason in its headers. tracking-service keeps the events of all topics in the flow
        history, except those of %s.

        ## Which event may follow which

        """
            .formatted(
                Topics.LARGEST_COMMAND >> 10,
                Topics.DEAD_LETTER_SUFFIX,
                Topics.all().stream()
                    .filter(topic -> !topic.history())
                    .map(topic -> "`" + topic.name() + "`")
                    .collect(Collectors.joining(" and "))));
    page.append("| event | may be followed by |\n|---|---|\n");
    for (var event : EventFlow.events()) {
      page.append("| ").append(link(event)).append(EventFlow.first().contains(event) ? " *" : "");
      List<String> next = new ArrayList<>();
      EventFlow.events().stream()
          .filter(other -> EventFlow.mayFollow(other, event))
          .forEach(other -> next.add(link(other)));
      page.append(" | ").append(next.isEmpty() ? "nothing" : String.join(", ", next));
      page.append(" |\n");
    }
    page.append("\n\\* may come first.\n");
    page.append("\n").append(NO_EVENT);
    for (Topic topic : Topics.all()) {
      page.append("\n## `").append(topic.name()).append("`\n");
      for (Schema declared : topic.schemas()) {
        event(topic, catalogue.newest(declared.getFullName()));
      }
    }
    page.append("\n## Shared types\n");
    for (Schema type : shared.values()) {
      page.append("\n### ").append(type.getName()).append("\n\n").append(type.getDoc());
      page.append("\n\n");
      fields(type);
    }
  }

  private void event(Topic topic, RegisteredSchema event) throws IOException {
    Schema schema = event.schema();
    page.append("\n### ").append(schema.getName()).append("\n\n");
    page.append(schema.getDoc()).append("\n\n");
    page.append(
        "Schema id %d, version %d of `%s`.%n%n"
            .formatted(event.id(), event.version(), topic.subject(schema)));
    fields(schema);
    page.append("\n<details><summary>Example</summary>\n\n```json\n");
    page.append(Files.readString(EXAMPLES.resolve(schema.getName() + ".json")));
    page.append("```\n\n</details>\n");
  }

  private void fields(Schema schema) {
    page.append("| field | type | default | |\n|---|---|---|---|\n");
    for (Schema.Field field : schema.getFields()) {
      page.append(
          "| `%s` | %s | %s | %s |%n"
              .formatted(
                  field.name(),
                  type(field.schema()),
                  field.hasDefaultValue() ? "`" + fallback(field) + "`" : "",
                  field.doc() == null ? "" : field.doc().replace("|", "\\|")));
    }
  }

  private static String fallback(Schema.Field field) {
    Object value = field.defaultVal();
    return value instanceof String text ? "\"" + text + "\"" : absent(value) ? "null" : "" + value;
  }

  private static boolean absent(Object value) {
    return value == org.apache.avro.JsonProperties.NULL_VALUE;
  }

  private String type(Schema schema) {
    return switch (schema.getType()) {
      case RECORD -> {
        if (shared.putIfAbsent(schema.getName(), schema) == null) {
          // Types inside a shared type are shared too.
          schema.getFields().forEach(field -> type(field.schema()));
        }
        yield "[%s](#%s)"
            .formatted(schema.getName(), schema.getName().toLowerCase(java.util.Locale.ROOT));
      }
      case UNION ->
          schema.getTypes().stream()
              .filter(branch -> branch.getType() != Schema.Type.NULL)
              .map(this::type)
              .collect(Collectors.joining(" or ", "", schema.isNullable() ? "?" : ""));
      case ARRAY -> "list of " + type(schema.getElementType());
      case MAP -> "map of " + type(schema.getValueType());
      default ->
          schema.getLogicalType() instanceof LogicalTypes.TimestampMillis
              ? "instant"
              : schema.getType().getName();
    };
  }

  private static String kept(Topic topic) {
    Duration retention = topic.retention();
    return retention == null ? "newest of each key" : retention.toDays() + " days";
  }

  private static String link(Class<? extends SpecificRecord> event) {
    String name = event.getSimpleName();
    return "[%s](#%s)".formatted(name, name.toLowerCase(java.util.Locale.ROOT));
  }
}
