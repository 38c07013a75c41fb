package io.millrace.schemas;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.EncoderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ExamplesTest {
  private static final Path EXAMPLES = Path.of("src/main/resources/examples");

  static List<RegisteredSchema> events() {
    SchemaCatalogue catalogue = SchemaCatalogue.load();
    return Topics.all().stream()
        .flatMap(topic -> topic.schemas().stream())
        .map(schema -> catalogue.newest(schema.getFullName()))
        .toList();
  }

  @ParameterizedTest
  @MethodSource("events")
  void exampleIsAnEventOfItsSchema(RegisteredSchema event) throws IOException {
    Schema schema = event.schema();
    Path file = EXAMPLES.resolve(schema.getName() + ".json");
    Object decoded =
        PlainJson.decode(schema, new ObjectMapper().readTree(file.toFile()), schema.getName());
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    var encoder = EncoderFactory.get().binaryEncoder(bytes, null);
    new GenericDatumWriter<>(schema).write(decoded, encoder);
    encoder.flush();
    Object again =
        new GenericDatumReader<>(schema)
            .read(null, DecoderFactory.get().binaryDecoder(bytes.toByteArray(), null));
    ObjectMapper json = new ObjectMapper();
    assertThat(json.readTree(again.toString())).isEqualTo(json.readTree(decoded.toString()));
    assertThat(bytes.size()).as("an event stays under 64 KiB").isLessThan(64 * 1024);
  }

  @Test
  void thereIsNoExampleOfAnEventThatDoesNotExist() throws IOException {
    try (Stream<Path> files = Files.list(EXAMPLES)) {
      assertThat(files.map(file -> file.getFileName().toString()))
          .containsExactlyInAnyOrderElementsOf(
              events().stream().map(event -> event.schema().getName() + ".json").toList());
    }
  }
}
