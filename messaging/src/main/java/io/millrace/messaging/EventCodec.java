package io.millrace.messaging;

import io.millrace.schemas.RegisteredSchema;
import io.millrace.schemas.SchemaCatalogue;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.apache.avro.AvroRuntimeException;
import org.apache.avro.Schema;
import org.apache.avro.SchemaNormalization;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.specific.SpecificDatumReader;
import org.apache.avro.specific.SpecificDatumWriter;
import org.apache.avro.specific.SpecificRecord;
import org.apache.avro.util.ClassSecurityValidator;

/**
 * Events as bytes and as plain JSON. Bytes are framed as Confluent clients do: 0x00, the schema id
 * as four big-endian bytes, Avro binary. Safe for many threads.
 */
public final class EventCodec {

  private static final int FRAME = 5;

  static {
    trustOwnEvents();
  }

  private final SchemaCatalogue catalogue;
  private final ConcurrentMap<Class<?>, Writer> writers = new ConcurrentHashMap<>();
  private final ConcurrentMap<Integer, SpecificDatumReader<SpecificRecord>> readers =
      new ConcurrentHashMap<>();

  private record Writer(int id, SpecificDatumWriter<SpecificRecord> writer) {}

  public EventCodec() {
    this(SchemaCatalogue.load());
  }

  public EventCodec(SchemaCatalogue catalogue) {
    this.catalogue = catalogue;
  }

  /** The catalogue it encodes and decodes by. */
  public SchemaCatalogue catalogue() {
    return catalogue;
  }

  /** Id under which this event is written. */
  public int schemaId(SpecificRecord event) {
    return writer(event).id();
  }

  /** Encodes with the newest published schema of the event. */
  public byte[] encode(SpecificRecord event) {
    Writer writer = writer(event);
    ByteArrayOutputStream out = new ByteArrayOutputStream(256);
    out.write(0);
    out.writeBytes(ByteBuffer.allocate(4).putInt(writer.id()).array());
    BinaryEncoder encoder = EncoderFactory.get().directBinaryEncoder(out, null);
    try {
      writer.writer().write(event, encoder);
      encoder.flush();
    } catch (IOException impossible) {
      throw new IllegalStateException(impossible);
    }
    return out.toByteArray();
  }

  /**
   * Decodes by the writer's schema into this program's class.
   *
   * @throws TerminalFailure `bad-magic`, `unknown-schema-id` or `undecodable`
   */
  public SpecificRecord decode(byte[] bytes) {
    if (bytes.length < FRAME) {
      throw new TerminalFailure(
          bytes.length > 0 && bytes[0] != 0 ? "bad-magic" : "undecodable",
          "The record has " + bytes.length + " bytes, less than the 5 of its frame.");
    }
    if (bytes[0] != 0) {
      throw new TerminalFailure(
          "bad-magic",
          "The record starts with byte 0x%02x, not 0x00: it was not written with the Confluent framing (0x00, 4-byte schema id, Avro)."
              .formatted(bytes[0]));
    }
    int id = ByteBuffer.wrap(bytes).getInt(1);
    SpecificDatumReader<SpecificRecord> reader = readers.computeIfAbsent(id, this::reader);
    try {
      BinaryDecoder decoder =
          DecoderFactory.get().binaryDecoder(bytes, FRAME, bytes.length - FRAME, null);
      SpecificRecord event = reader.read(null, decoder);
      if (!decoder.isEnd()) {
        throw new TerminalFailure(
            "undecodable",
            "The record goes on after its last field: it was not written with schema id " + id);
      }
      return event;
    } catch (IOException | AvroRuntimeException | IndexOutOfBoundsException failure) {
      throw new TerminalFailure(
          "undecodable",
          "The record cannot be read with schema id "
              + id
              + " ("
              + reader.getSchema().getFullName()
              + "): "
              + failure,
          failure);
    }
  }

  /**
   * Plain JSON: unions without their type name, times as ISO-8601 in UTC, bytes in Base64, NaN and
   * infinities as strings.
   */
  public String toJson(SpecificRecord event) {
    return EventJson.write(event);
  }

  /**
   * Reads plain JSON leniently: a missing field takes its default. A name that is not a field, a
   * missing field without default and a wrong type are errors.
   *
   * @throws TerminalFailure `malformed-json`, `unknown-field`, `missing-field` or `wrong-type`,
   *     with the path and, for an unknown field, the nearest known name
   */
  public <T extends SpecificRecord> T fromJson(Class<T> type, String json) {
    return type.cast(EventJson.read(SpecificData.get().getSchema(type), type, json));
  }

  private Writer writer(SpecificRecord event) {
    return writers.computeIfAbsent(
        event.getClass(),
        type ->
            new Writer(
                newestId(event.getSchema()),
                new SpecificDatumWriter<>(event.getSchema(), SpecificData.getForClass(type))));
  }

  private int newestId(Schema schema) {
    RegisteredSchema newest = catalogue.newest(schema.getFullName());
    if (!SchemaNormalization.toParsingForm(newest.schema())
        .equals(SchemaNormalization.toParsingForm(schema))) {
      throw new IllegalStateException(
          schema.getFullName()
              + " differs from its newest version in the schema catalogue; renew the catalogue as"
              + " schemas/README.md says");
    }
    return newest.id();
  }

  private SpecificDatumReader<SpecificRecord> reader(int id) {
    Schema written =
        catalogue
            .byId(id)
            .map(RegisteredSchema::schema)
            .orElseThrow(
                () ->
                    new TerminalFailure(
                        "unknown-schema-id",
                        "Schema id "
                            + Integer.toUnsignedString(id)
                            + " is not in the catalogue of this version (it has "
                            + catalogue.all().size()
                            + " schemas)."));
    Class<?> type = eventClass(written);
    SpecificData model = SpecificData.getForClass(type);
    return new SpecificDatumReader<>(written, model.getSchema(type), model);
  }

  private static Class<?> eventClass(Schema written) {
    try {
      return Class.forName(written.getFullName(), true, EventCodec.class.getClassLoader());
    } catch (ClassNotFoundException gone) {
      throw new TerminalFailure(
          "undecodable", "There is no event " + written.getFullName() + " in this version.", gone);
    }
  }

  /**
   * Avro makes objects only of classes it is told to trust, and takes lengths in the data at their
   * word unless told a limit. Both are settings of the whole JVM; setting them again changes
   * nothing.
   */
  private static void trustOwnEvents() {
    for (String limit :
        new String[] {
          "org.apache.avro.limits.string.maxLength",
          "org.apache.avro.limits.bytes.maxLength",
          "org.apache.avro.limits.collectionItems.maxLength"
        }) {
      if (System.getProperty(limit) == null) {
        System.setProperty(limit, Integer.toString(16 << 20));
      }
    }
    ClassSecurityValidator.ClassSecurityPredicate before = ClassSecurityValidator.getGlobal();
    ClassSecurityValidator.setGlobal(
        ClassSecurityValidator.composite(
            before, type -> type.getName().startsWith("io.millrace.events.")));
  }
}
