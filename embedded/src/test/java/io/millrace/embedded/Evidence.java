package io.millrace.embedded;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.minio.GetObjectArgs;
import io.minio.MinioClient;
import io.minio.PutObjectArgs;
import java.io.ByteArrayInputStream;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/** Something in each of the three parts, all of it acknowledged, and a way to read it back. */
record Evidence(
    List<String> records, long committedOffset, List<String> rows, Optional<String> object) {

  private static final String TOPIC = "evidence";
  private static final String GROUP = "evidence-readers";
  private static final String BUCKET = "evidence";

  /** What {@link #leave} leaves. */
  static final Evidence COMPLETE =
      new Evidence(List.of("a", "b", "c"), 2, List.of("kept"), Optional.of("bytes"));

  static void leave(String bootstrap, String jdbcUrl, String password, String endpoint, S3Keys keys)
      throws Exception {
    try (var admin =
        org.apache.kafka.clients.admin.Admin.create(
            Map.of("bootstrap.servers", (Object) bootstrap))) {
      admin
          .createTopics(List.of(new org.apache.kafka.clients.admin.NewTopic(TOPIC, 1, (short) 1)))
          .all()
          .get();
    }
    try (var producer =
        new KafkaProducer<>(
            Map.of("bootstrap.servers", (Object) bootstrap, "acks", "all", "linger.ms", 0),
            new StringSerializer(),
            new StringSerializer())) {
      for (String value : COMPLETE.records()) {
        producer.send(new ProducerRecord<>(TOPIC, value)).get();
      }
    }
    try (var consumer = consumer(bootstrap)) {
      consumer.assign(List.of(new TopicPartition(TOPIC, 0)));
      consumer.commitSync(
          Map.of(new TopicPartition(TOPIC, 0), new OffsetAndMetadata(COMPLETE.committedOffset())));
    }
    try (Connection connection = connect(jdbcUrl, password);
        Statement statement = connection.createStatement()) {
      statement.execute("create table evidence (what text)");
      statement.execute("insert into evidence values ('kept')");
    }
    try (MinioClient s3 = s3(endpoint, keys)) {
      s3.makeBucket(io.minio.MakeBucketArgs.builder().bucket(BUCKET).build());
      byte[] bytes = COMPLETE.object().orElseThrow().getBytes(UTF_8);
      s3.putObject(
          PutObjectArgs.builder().bucket(BUCKET).object("folder/object").stream(
                  new ByteArrayInputStream(bytes), (long) bytes.length, -1L)
              .build());
    }
  }

  static Evidence find(
      String bootstrap, String jdbcUrl, String password, String endpoint, S3Keys keys)
      throws Exception {
    List<String> records = new ArrayList<>();
    long committed;
    TopicPartition partition = new TopicPartition(TOPIC, 0);
    try (var consumer = consumer(bootstrap)) {
      consumer.assign(List.of(partition));
      consumer.seekToBeginning(List.of(partition));
      long end = consumer.endOffsets(List.of(partition)).get(partition);
      while (consumer.position(partition) < end) {
        consumer.poll(Duration.ofMillis(200)).forEach(found -> records.add(found.value()));
      }
      OffsetAndMetadata offset = consumer.committed(java.util.Set.of(partition)).get(partition);
      committed = offset == null ? -1 : offset.offset();
    }
    List<String> rows = new ArrayList<>();
    try (Connection connection = connect(jdbcUrl, password);
        Statement statement = connection.createStatement();
        var found = statement.executeQuery("select what from evidence")) {
      while (found.next()) {
        rows.add(found.getString(1));
      }
    }
    try (MinioClient s3 = s3(endpoint, keys);
        var object =
            s3.getObject(GetObjectArgs.builder().bucket(BUCKET).object("folder/object").build())) {
      return new Evidence(
          records, committed, rows, Optional.of(new String(object.readAllBytes(), UTF_8)));
    }
  }

  static MinioClient s3(String endpoint, S3Keys keys) {
    return MinioClient.builder()
        .endpoint(endpoint)
        .region("us-east-1")
        .credentials(keys.accessKey(), keys.secretKey())
        .build();
  }

  static Connection connect(String jdbcUrl, String password) throws SQLException {
    return DriverManager.getConnection(jdbcUrl, EmbeddedPostgres.USER, password);
  }

  private static KafkaConsumer<String, String> consumer(String bootstrap) {
    return new KafkaConsumer<>(
        Map.of("bootstrap.servers", (Object) bootstrap, "group.id", GROUP),
        new StringDeserializer(),
        new StringDeserializer());
  }
}
