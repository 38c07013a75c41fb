package io.millrace.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.minio.ListObjectsArgs;
import io.minio.errors.ErrorResponseException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.consumer.AcknowledgeType;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaShareConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Test;

class SharedPlatformIT {

  private final SharedPlatform platform = EmbeddedPlatform.shared();

  @Test
  void isOnePerJvm() {
    assertThat(EmbeddedPlatform.shared()).isSameAs(platform);
  }

  @Test
  void givesEveryTestADatabaseOfItsOwn() throws Exception {
    FreshDatabase one = platform.freshDatabase();
    FreshDatabase other = platform.freshDatabase();
    try (var connection = Evidence.connect(one.jdbcUrl(), one.password());
        var statement = connection.createStatement()) {
      statement.execute("create table only_here (id int)");
    }
    try (var connection = Evidence.connect(other.jdbcUrl(), other.password());
        var statement = connection.createStatement()) {
      assertThatThrownBy(() -> statement.execute("select * from only_here"))
          .isInstanceOf(SQLException.class);
    }
  }

  @Test
  void asksForThePassword() {
    assertThatThrownBy(() -> Evidence.connect(platform.jdbcUrl(), "guessed"))
        .isInstanceOfSatisfying(
            SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("28P01"));
  }

  @Test
  void refusesAWrongS3Secret() throws Exception {
    platform.createBucket("guarded");
    S3Keys wrong = new S3Keys(platform.s3AccessKey(), "guessed");
    try (var s3 = Evidence.s3(platform.s3Endpoint(), wrong)) {
      assertThatThrownBy(
              () ->
                  s3.listObjects(ListObjectsArgs.builder().bucket("guarded").build())
                      .iterator()
                      .next()
                      .get())
          .isInstanceOfSatisfying(
              ErrorResponseException.class, e -> assertThat(e.response().code()).isEqualTo(403));
    }
    try (HttpClient anyone = HttpClient.newHttpClient()) {
      var answer =
          anyone.send(
              HttpRequest.newBuilder(URI.create(platform.s3Endpoint() + "/guarded")).build(),
              HttpResponse.BodyHandlers.discarding());
      assertThat(answer.statusCode()).isEqualTo(403);
    }
  }

  @Test
  void handsOutJobsThroughShareGroupsAndRenewsTheirLocks() throws Exception {
    platform.createTopic("jobs", 1);
    platform.createTopic("jobs", 1);
    workersWithShortLocks("workers", Duration.ofSeconds(2));
    try (var producer =
        new KafkaProducer<>(
            Map.of("bootstrap.servers", (Object) platform.kafkaBootstrap()),
            new StringSerializer(),
            new StringSerializer())) {
      producer.send(new ProducerRecord<>("jobs", "long job")).get();
    }

    List<String> done = new ArrayList<>();
    try (var worker = worker();
        var idle = worker()) {
      worker.subscribe(List.of("jobs"));
      ConsumerRecord<String, String> job = take(worker);
      idle.subscribe(List.of("jobs"));
      long until = System.nanoTime() + Duration.ofSeconds(4).toNanos();
      while (System.nanoTime() < until) {
        worker.acknowledge(job, AcknowledgeType.RENEW);
        job = take(worker);
        assertThat(job.deliveryCount()).hasValue((short) 1);
        assertThat(idle.poll(Duration.ofMillis(300)).isEmpty()).isTrue();
      }
      worker.acknowledge(job, AcknowledgeType.ACCEPT);
      assertThat(worker.commitSync().values()).allMatch(failure -> failure.isEmpty());
      done.add(job.value());
    }
    assertThat(done).containsExactly("long job");
  }

  private ConsumerRecord<String, String> take(KafkaShareConsumer<String, String> worker) {
    List<ConsumerRecord<String, String>> taken = new ArrayList<>();
    await("a job")
        .pollInSameThread()
        .pollDelay(Duration.ZERO)
        .atMost(Duration.ofSeconds(20))
        .until(
            () -> {
              worker.poll(Duration.ofMillis(500)).forEach(taken::add);
              return !taken.isEmpty();
            });
    return taken.getFirst();
  }

  private KafkaShareConsumer<String, String> worker() {
    return new KafkaShareConsumer<>(
        Map.of(
            "bootstrap.servers",
            (Object) platform.kafkaBootstrap(),
            "group.id",
            "workers",
            "share.acknowledgement.mode",
            "explicit",
            "share.acquire.mode",
            "record_limit",
            "max.poll.records",
            1),
        new StringDeserializer(),
        new StringDeserializer());
  }

  private void workersWithShortLocks(String group, Duration lock) throws Exception {
    Collection<AlterConfigOp> changes =
        List.of(
            set("share.auto.offset.reset", "earliest"),
            set("share.record.lock.duration.ms", Long.toString(lock.toMillis())));
    try (Admin admin =
        Admin.create(Map.of("bootstrap.servers", (Object) platform.kafkaBootstrap()))) {
      admin
          .incrementalAlterConfigs(
              Map.of(new ConfigResource(ConfigResource.Type.GROUP, group), changes))
          .all()
          .get();
    }
  }

  private static AlterConfigOp set(String name, String value) {
    return new AlterConfigOp(new ConfigEntry(name, value), AlterConfigOp.OpType.SET);
  }
}
