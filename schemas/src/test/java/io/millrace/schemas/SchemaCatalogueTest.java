package io.millrace.schemas;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.apache.avro.Schema;
import org.apache.avro.SchemaCompatibility;
import org.apache.avro.SchemaCompatibility.SchemaCompatibilityType;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SchemaCatalogueTest {
  private static final Path SOURCES = Path.of("src/main/resources/schemas");

  @TempDir Path folder;

  @BeforeAll
  static void renewWhereAsked() throws IOException {
    Renewal.catalogue(SOURCES);
  }

  @Test
  void newestVersionsAreTheSchemasOfTheIdl() throws IOException {
    assertThat(new CatalogueFiles(SOURCES).differences(Topics.all()))
        .as("the IDL differs from the catalogue; add to it with: " + Renewal.COMMAND)
        .isEmpty();
  }

  @Test
  void idsAreUniqueAndWithoutGaps() {
    List<RegisteredSchema> all = SchemaCatalogue.load().all();
    assertThat(all)
        .extracting(RegisteredSchema::id)
        .containsExactlyElementsOf(IntStream.rangeClosed(1, all.size()).boxed().toList());
  }

  @Test
  void versionsOfASubjectCountFromOne() {
    SchemaCatalogue catalogue = SchemaCatalogue.load();
    for (String subject : catalogue.subjects()) {
      List<RegisteredSchema> versions = catalogue.versions(subject);
      assertThat(versions)
          .extracting(RegisteredSchema::version)
          .containsExactlyElementsOf(IntStream.rangeClosed(1, versions.size()).boxed().toList());
      assertThat(versions)
          .extracting(RegisteredSchema::record)
          .containsOnly(versions.getFirst().record());
    }
  }

  @Test
  void everyVersionReadsAllEarlierOnes() {
    SchemaCatalogue catalogue = SchemaCatalogue.load();
    for (String subject : catalogue.subjects()) {
      List<RegisteredSchema> versions = catalogue.versions(subject);
      for (RegisteredSchema newer : versions) {
        for (RegisteredSchema older : versions.subList(0, newer.version())) {
          assertThat(
                  SchemaCompatibility.checkReaderWriterCompatibility(newer.schema(), older.schema())
                      .getType())
              .as("%s: version %d reads version %d", subject, newer.version(), older.version())
              .isEqualTo(SchemaCompatibilityType.COMPATIBLE);
        }
      }
    }
  }

  @Test
  void everyEventOfATopicIsFound() {
    SchemaCatalogue catalogue = SchemaCatalogue.load();
    Set<String> seen = new HashSet<>();
    for (Topic topic : Topics.all()) {
      for (Schema schema : topic.schemas()) {
        RegisteredSchema newest = catalogue.newest(schema.getFullName());
        assertThat(newest.subject()).isEqualTo(topic.subject(schema));
        assertThat(catalogue.byId(newest.id())).contains(newest);
        assertThat(newest.json()).doesNotContain("avro.java.string");
        assertThat(seen.add(schema.getFullName()))
            .as("%s is on one topic only", schema.getFullName())
            .isTrue();
      }
    }
    assertThatThrownBy(() -> catalogue.newest("io.millrace.events.Nothing"))
        .hasMessageContaining("not in the schema catalogue");
    assertThat(catalogue.byId(0)).isEmpty();
    assertThat(catalogue.versions("nothing")).isEmpty();
  }

  @Test
  void updateAppendsCompatibleChanges() throws IOException {
    CatalogueFiles files = new CatalogueFiles(folder);
    files.update(List.of(topic(field("a", "\"string\"", null)), other()));
    files.update(
        List.of(topic(field("a", "\"string\"", null), field("b", "\"int\"", "1")), other()));
    assertThat(files.lines())
        .extracting(
            CatalogueFiles.Line::id, CatalogueFiles.Line::version, CatalogueFiles.Line::file)
        .containsExactly(
            org.assertj.core.groups.Tuple.tuple(1, 1, "Event/1.avsc"),
            org.assertj.core.groups.Tuple.tuple(2, 1, "Other/1.avsc"),
            org.assertj.core.groups.Tuple.tuple(3, 2, "Event/2.avsc"));
    assertThat(
            files.differences(
                List.of(topic(field("a", "\"string\"", null), field("b", "\"int\"", "1")))))
        .isEmpty();
  }

  @Test
  void updateRefusesWhatCannotReadOlderVersions() throws IOException {
    CatalogueFiles files = new CatalogueFiles(folder);
    files.update(List.of(topic(field("a", "\"string\"", null))));
    List<Topic> changed =
        List.of(topic(field("a", "\"string\"", null), field("b", "\"int\"", null)));
    assertThatThrownBy(() -> files.update(changed))
        .isInstanceOf(CatalogueFiles.IncompatibleSchema.class)
        .hasMessageContaining("Event cannot read what version 1 (id 1) wrote");
    assertThat(files.lines()).hasSize(1);
  }

  @Test
  void anEventInANewSubjectLeavesTheOldSchemaWhereItIs() throws IOException {
    CatalogueFiles files = new CatalogueFiles(folder);
    files.update(List.of(topic(field("a", "\"string\"", null))));

    files.update(
        List.of(
            topicOf(
                "Event", "t.moved", field("a", "\"string\"", null), field("b", "\"int\"", "0"))));

    assertThat(files.lines())
        .extracting(CatalogueFiles.Line::version, CatalogueFiles.Line::file)
        .containsExactly(
            org.assertj.core.groups.Tuple.tuple(1, "Event/1.avsc"),
            org.assertj.core.groups.Tuple.tuple(1, "Event/2.avsc"));
    assertThat(files.schema(files.lines().getFirst()).getFields()).hasSize(1);
    assertThat(files.schema(files.lines().getLast()).getFields()).hasSize(2);
  }

  private static String field(String name, String type, String fallback) {
    return "{\"name\":\"%s\",\"type\":%s%s}"
        .formatted(name, type, fallback == null ? "" : ",\"default\":" + fallback);
  }

  private static Topic topic(String... fields) {
    return topicOf("Event", "t.Event", fields);
  }

  private static Topic other() {
    return topicOf("Other", "t.Other", field("x", "\"long\"", null));
  }

  private static Topic topicOf(String event, String name, String... fields) {
    Schema schema =
        new Schema.Parser()
            .parse(
                "{\"type\":\"record\",\"name\":\"%s\",\"namespace\":\"n\",\"fields\":[%s]}"
                    .formatted(event, String.join(",", fields)));
    return new Topic(
        name,
        "For tests.",
        "k",
        1,
        Duration.ofDays(1),
        Topic.Kind.FACT,
        "w",
        List.of(),
        false,
        List.of(schema));
  }
}
