package io.millrace.artifact.storage;

import static org.assertj.core.api.Assertions.assertThat;

import io.minio.GetPresignedObjectUrlArgs;
import io.minio.Http;
import io.minio.MinioClient;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;

class ReadAddressesTest {

  private static final String SECRET = "a secret/with+signs";
  private static final Pattern DATE = Pattern.compile("X-Amz-Date=(\\d{8}T\\d{6}Z)");

  private static final class SetClock extends Clock {
    private Instant now;

    SetClock(Instant now) {
      this.now = now;
    }

    @Override
    public ZoneId getZone() {
      return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
      return this;
    }

    @Override
    public Instant instant() {
      return now;
    }
  }

  private static S3Settings settings(String accessKey, String region) {
    return new Binder(
            new MapConfigurationPropertySource(
                Map.of(
                    "millrace.s3.access-key",
                    accessKey,
                    "millrace.s3.secret-key",
                    SECRET,
                    "millrace.s3.region",
                    region)))
        .bindOrCreate("millrace.s3", S3Settings.class);
  }

  @ParameterizedTest
  @CsvSource({
    "http://127.0.0.1:9000, millrace, us-east-1, artifacts/ab/abcd-1",
    "https://store.example, user@team/1, eu-west-1, sha256/ab/cd/abcd",
    "http://store.example:80, millrace, us-east-1, 'an odd/näme+of $1 (2)'",
    "https://s3.eu-central-1.amazonaws.com, AKIA0, eu-central-1, staging/1"
  })
  void areThoseOfMinioClient(String endpoint, String accessKey, String region, String key)
      throws Exception {
    try (MinioClient client =
        MinioClient.builder()
            .endpoint(endpoint)
            .credentials(accessKey, SECRET)
            .region(region)
            .build()) {
      String expected =
          client.getPresignedObjectUrl(
              GetPresignedObjectUrlArgs.builder()
                  .method(Http.Method.GET)
                  .bucket("bucket")
                  .object(key)
                  .expiry((int) Duration.ofHours(1).toSeconds())
                  .build());
      var signed = DATE.matcher(expected);
      assertThat(signed.find()).isTrue();
      Instant at =
          LocalDateTime.parse(signed.group(1), DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss'Z'"))
              .toInstant(ZoneOffset.UTC);
      String path = expected.substring(0, expected.indexOf('?'));
      int segments = key.split("/").length;
      String bucket = path;
      for (int i = 0; i < segments; i++) {
        bucket = bucket.substring(0, bucket.lastIndexOf('/'));
      }
      assertThat(
              new ReadAddresses(URI.create(bucket), settings(accessKey, region), new SetClock(at))
                  .of(key))
          .isEqualTo(expected);
    }
  }

  @Test
  void areSignedByTheKeyOfTheirDay() {
    Instant evening = Instant.parse("2026-11-21T23:59:59Z");
    SetClock clock = new SetClock(evening);
    S3Settings settings = settings("millrace", "us-east-1");
    URI bucket = URI.create("http://127.0.0.1:9000/millrace");
    ReadAddresses addresses = new ReadAddresses(bucket, settings, clock);
    String before = addresses.of("artifacts/1");
    clock.now = evening.plusSeconds(1);
    String after = addresses.of("artifacts/1");
    assertThat(after)
        .isEqualTo(new ReadAddresses(bucket, settings, clock).of("artifacts/1"))
        .contains("%2F20261122%2F", "X-Amz-Date=20261122T000000Z");
    clock.now = evening;
    assertThat(addresses.of("artifacts/1"))
        .isEqualTo(before)
        .contains("%2F20261121%2F", "X-Amz-Date=20261121T235959Z");
  }
}
