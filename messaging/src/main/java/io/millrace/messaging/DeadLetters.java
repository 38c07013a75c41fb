package io.millrace.messaging;

import io.millrace.schemas.Topics;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.jspecify.annotations.Nullable;

/**
 * The dead-letter topics: list, look into, publish again. Every call reads Kafka anew and is
 * bounded in records and time. Safe for many threads.
 */
public final class DeadLetters {

  /** On a record that was published again: `topic-partition-offset` of its dead letter. */
  public static final String REPLAYED = "millrace-replayed";

  /** On a marker in a dead-letter topic: which letter was published again, `partition-offset`. */
  private static final String MARKER = DeadLetterWriter.PREFIX + "replayed";

  private static final int SHOWN_BYTES = 64 << 10;
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final KafkaClients clients;
  private final RecordDecoder decoder;

  DeadLetters(KafkaClients clients, RecordDecoder decoder) {
    this.clients = clients;
    this.decoder = decoder;
  }

  /** Dead-letter topics outside Spring, for programs such as the command line. */
  public static DeadLetters connect(String bootstrapServers, String name) {
    return new DeadLetters(
        new KafkaClients(KafkaSettings.of(bootstrapServers), new ServiceName(name)),
        new RecordDecoder(new EventCodec()));
  }

  /**
   * The newest dead letters, newest first.
   *
   * @param topic original or dead-letter topic; null for all
   * @param limit most letters, 1 to 10000
   */
  public List<DeadLetter> list(@Nullable String topic, int limit) {
    if (limit < 1 || limit > 10_000) {
      throw new IllegalArgumentException("limit is " + limit + ", not 1 to 10000");
    }
    try (KafkaConsumer<byte[], byte[]> reader = clients.reader("dead-letters")) {
      List<ConsumerRecord<byte[], byte[]>> found = new ArrayList<>();
      Set<String> replayed = new HashSet<>();
      scan(
          reader,
          partitions(reader, topic),
          limit * 2L,
          incoming -> {
            String marked = EventHeaders.text(incoming.headers(), MARKER);
            if (marked != null) {
              replayed.add(incoming.topic() + "-" + marked);
            } else {
              found.add(incoming);
            }
          });
      return found.stream()
          .map(incoming -> letter(incoming, replayed.contains(position(incoming))))
          .sorted(
              Comparator.comparing(DeadLetter::time)
                  .thenComparingLong(DeadLetter::offset)
                  .reversed())
          .limit(limit)
          .toList();
    }
  }

  /** One dead letter with its content, if it is there. */
  public Optional<DeadLetterDetail> show(String topic, int partition, long offset) {
    try (KafkaConsumer<byte[], byte[]> reader = clients.reader("dead-letter")) {
      return one(reader, deadLetterName(topic), partition, offset)
          .map(incoming -> detail(incoming, replayed(reader, incoming)));
    }
  }

  /**
   * Publishes a dead letter to its original topic again, with its key, value and headers and the
   * header `millrace-replayed`; once, whoever asks how often. The record and the mark that it was
   * replayed are one Kafka transaction.
   *
   * @return where it went
   * @throws TerminalFailure `dead-letter-not-found`, `already-replayed` or `value-omitted`
   */
  public PublishedAt replay(String topic, int partition, long offset) {
    String name = deadLetterName(topic);
    Map<String, Object> transactional =
        Map.of(
            ProducerConfig.TRANSACTIONAL_ID_CONFIG,
            "millrace-replay-" + name + "-" + partition + "-" + offset,
            ProducerConfig.TRANSACTION_TIMEOUT_CONFIG,
            30_000);
    try (KafkaConsumer<byte[], byte[]> reader = clients.reader("replay")) {
      ConsumerRecord<byte[], byte[]> letter =
          one(reader, name, partition, offset)
              .orElseThrow(
                  () ->
                      new TerminalFailure(
                          "dead-letter-not-found",
                          "There is no dead letter "
                              + name
                              + "-"
                              + partition
                              + "-"
                              + offset
                              + "."));
      if (letter.headers().lastHeader(DeadLetterWriter.VALUE_OMITTED) != null) {
        throw new TerminalFailure(
            "value-omitted",
            "The value was too large to be kept here; it is at "
                + originalPosition(letter)
                + " as long as that topic keeps it.");
      }
      try (KafkaProducer<byte[], byte[]> producer = clients.producer("replay", transactional)) {
        // From here on no other replay of the same letter can commit.
        producer.initTransactions();
        if (replayed(reader, letter)) {
          throw new TerminalFailure(
              "already-replayed", position(letter) + " was published again before.");
        }
        return publishAgain(producer, letter);
      }
    }
  }

  private static PublishedAt publishAgain(
      KafkaProducer<byte[], byte[]> producer, ConsumerRecord<byte[], byte[]> letter) {
    producer.beginTransaction();
    ProducerRecord<byte[], byte[]> again =
        new ProducerRecord<>(header(letter, DeadLetterWriter.TOPIC), letter.key(), letter.value());
    for (Header header : letter.headers()) {
      if (!header.key().startsWith(DeadLetterWriter.PREFIX)) {
        again.headers().add(header);
      }
    }
    if (EventHeaders.text(letter.headers(), EventHeaders.ID) == null) {
      // So that consumers that had it the first time know it again.
      EventHeaders.put(again.headers(), EventHeaders.ID, originalPosition(letter));
    }
    EventHeaders.put(again.headers(), REPLAYED, position(letter));
    ProducerRecord<byte[], byte[]> marker =
        new ProducerRecord<>(letter.topic(), letter.partition(), letter.key(), null);
    EventHeaders.put(marker.headers(), MARKER, letter.partition() + "-" + letter.offset());
    try {
      var sent = producer.send(again);
      producer.send(marker);
      producer.commitTransaction();
      RecordMetadata metadata = sent.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
      return new PublishedAt(
          metadata.topic(),
          metadata.partition(),
          metadata.offset(),
          Instant.ofEpochMilli(metadata.timestamp()));
    } catch (ExecutionException | TimeoutException refused) {
      throw new KafkaException("Cannot publish " + position(letter) + " again", refused);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new KafkaException("Interrupted while publishing again", interrupted);
    }
  }

  private static String deadLetterName(String topic) {
    return topic.endsWith(Topics.DEAD_LETTER_SUFFIX) ? topic : topic + Topics.DEAD_LETTER_SUFFIX;
  }

  private static List<TopicPartition> partitions(
      KafkaConsumer<byte[], byte[]> reader, @Nullable String topic) {
    String only = topic == null ? null : deadLetterName(topic);
    List<TopicPartition> partitions = new ArrayList<>();
    reader
        .listTopics(PATIENCE)
        .forEach(
            (name, infos) -> {
              if (only == null ? name.endsWith(Topics.DEAD_LETTER_SUFFIX) : name.equals(only)) {
                infos.forEach(info -> partitions.add(new TopicPartition(name, info.partition())));
              }
            });
    return partitions;
  }

  /** Reads the newest records of each partition up to its present end. */
  private static void scan(
      KafkaConsumer<byte[], byte[]> reader,
      List<TopicPartition> partitions,
      long perPartition,
      Consumer<ConsumerRecord<byte[], byte[]>> sink) {
    Map<TopicPartition, Long> ends = reader.endOffsets(partitions, PATIENCE);
    Map<TopicPartition, Long> begins = reader.beginningOffsets(partitions, PATIENCE);
    List<TopicPartition> filled =
        partitions.stream()
            .filter(
                partition -> ends.getOrDefault(partition, 0L) > begins.getOrDefault(partition, 0L))
            .toList();
    reader.assign(filled);
    for (TopicPartition partition : filled) {
      reader.seek(
          partition,
          Math.max(
              begins.getOrDefault(partition, 0L), ends.getOrDefault(partition, 0L) - perPartition));
    }
    Instant deadline = Instant.now().plus(PATIENCE);
    Set<TopicPartition> open = new HashSet<>(filled);
    while (!open.isEmpty() && Instant.now().isBefore(deadline)) {
      reader
          .poll(Duration.ofMillis(200))
          .forEach(
              incoming -> {
                TopicPartition from = new TopicPartition(incoming.topic(), incoming.partition());
                if (incoming.offset() < ends.getOrDefault(from, 0L)) {
                  sink.accept(incoming);
                }
              });
      // The position also passes records that carry no data, such as transaction markers.
      open.removeIf(partition -> reader.position(partition) >= ends.getOrDefault(partition, 0L));
    }
  }

  private static Optional<ConsumerRecord<byte[], byte[]>> one(
      KafkaConsumer<byte[], byte[]> reader, String topic, int partition, long offset) {
    TopicPartition from = new TopicPartition(topic, partition);
    if (offset < 0 || !partitions(reader, topic).contains(from)) {
      return Optional.empty();
    }
    long begin = reader.beginningOffsets(List.of(from), PATIENCE).getOrDefault(from, 0L);
    long end = reader.endOffsets(List.of(from), PATIENCE).getOrDefault(from, 0L);
    if (offset < begin || offset >= end) {
      return Optional.empty();
    }
    reader.assign(List.of(from));
    reader.seek(from, offset);
    Instant deadline = Instant.now().plus(PATIENCE);
    while (Instant.now().isBefore(deadline) && reader.position(from) <= offset) {
      for (ConsumerRecord<byte[], byte[]> incoming : reader.poll(Duration.ofMillis(200))) {
        return Optional.of(incoming)
            .filter(
                found -> found.offset() == offset && found.headers().lastHeader(MARKER) == null);
      }
    }
    return Optional.empty();
  }

  private static boolean replayed(
      KafkaConsumer<byte[], byte[]> reader, ConsumerRecord<byte[], byte[]> letter) {
    String wanted = letter.partition() + "-" + letter.offset();
    Set<String> marks = new HashSet<>();
    scan(
        reader,
        List.of(new TopicPartition(letter.topic(), letter.partition())),
        Long.MAX_VALUE / 2,
        incoming -> {
          String marked = EventHeaders.text(incoming.headers(), MARKER);
          if (marked != null) {
            marks.add(marked);
          }
        });
    return marks.contains(wanted);
  }

  static boolean isMarker(ConsumerRecord<byte[], byte[]> incoming) {
    return incoming.headers().lastHeader(MARKER) != null;
  }

  static DeadLetter letter(ConsumerRecord<byte[], byte[]> incoming, boolean replayed) {
    return new DeadLetter(
        incoming.topic(),
        incoming.partition(),
        incoming.offset(),
        header(incoming, DeadLetterWriter.TOPIC),
        (int) number(header(incoming, DeadLetterWriter.PARTITION)),
        number(header(incoming, DeadLetterWriter.OFFSET)),
        header(incoming, DeadLetterWriter.CONSUMER),
        header(incoming, DeadLetterWriter.REASON),
        header(incoming, DeadLetterWriter.MESSAGE),
        (int) number(header(incoming, DeadLetterWriter.ATTEMPTS)),
        time(incoming),
        RecordDecoder.key(incoming),
        replayed);
  }

  private DeadLetterDetail detail(ConsumerRecord<byte[], byte[]> incoming, boolean replayed) {
    Map<String, String> headers = new LinkedHashMap<>();
    incoming
        .headers()
        .forEach(
            header ->
                headers.put(
                    header.key(),
                    header.value() == null
                        ? ""
                        : new String(header.value(), StandardCharsets.UTF_8)));
    byte[] value = incoming.value() == null ? new byte[0] : incoming.value();
    byte[] shown =
        value.length <= SHOWN_BYTES ? value : java.util.Arrays.copyOf(value, SHOWN_BYTES);
    String encoding;
    String text;
    try {
      text = decoder.codec().toJson(decoder.codec().decode(value));
      encoding = "json";
    } catch (TerminalFailure unreadable) {
      try {
        text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(shown)).toString();
        encoding = "text";
      } catch (CharacterCodingException binary) {
        text = HexFormat.of().formatHex(shown);
        encoding = "hex";
      }
    }
    return new DeadLetterDetail(letter(incoming, replayed), headers, value.length, encoding, text);
  }

  private static String position(ConsumerRecord<?, ?> incoming) {
    return incoming.topic() + "-" + incoming.partition() + "-" + incoming.offset();
  }

  private static String originalPosition(ConsumerRecord<byte[], byte[]> letter) {
    return header(letter, DeadLetterWriter.TOPIC)
        + "-"
        + header(letter, DeadLetterWriter.PARTITION)
        + "-"
        + header(letter, DeadLetterWriter.OFFSET);
  }

  /**
   * A dead letter of another program may lack our headers; its topic's name still tells the origin.
   */
  private static String header(ConsumerRecord<byte[], byte[]> incoming, String name) {
    String value = EventHeaders.text(incoming.headers(), name);
    if (value != null) {
      return value;
    }
    return name.equals(DeadLetterWriter.TOPIC)
        ? incoming
            .topic()
            .substring(0, incoming.topic().length() - Topics.DEAD_LETTER_SUFFIX.length())
        : "";
  }

  private static long number(String text) {
    try {
      return Long.parseLong(text);
    } catch (NumberFormatException none) {
      return -1;
    }
  }

  private static Instant time(ConsumerRecord<byte[], byte[]> incoming) {
    try {
      return Instant.parse(header(incoming, DeadLetterWriter.TIME));
    } catch (DateTimeException none) {
      return Instant.ofEpochMilli(incoming.timestamp());
    }
  }
}
