package io.millrace.artifact.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.artifact.RunningService;
import io.millrace.embedded.EmbeddedPlatformSettings;
import io.millrace.embedded.EmbeddedS3;
import io.millrace.embedded.EmbeddedTls;
import io.millrace.embedded.TestCertificates;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.util.unit.DataSize;
import reactor.core.publisher.Mono;

/** An object store with a certificate of a private authority. */
class ProtectedStoreIT {

  private static final String FILE = "/api/2.0/mlflow-artifacts/artifacts/1/x";

  @TempDir static Path folder;
  private static EmbeddedTls tls;
  private static EmbeddedS3 store;

  @BeforeAll
  static void start() {
    tls = TestCertificates.in(folder);
    store =
        EmbeddedS3.start(EmbeddedPlatformSettings.throwAway(folder.resolve("data")).withTls(tls));
  }

  @AfterAll
  static void stop() {
    store.close();
  }

  @Test
  void storesReadsRangesAndDeletesOverTls() {
    byte[] large = new byte[12 << 20];
    new Random(7).nextBytes(large);
    try (RunningService service =
        RunningService.startSweeping(settings(store.endpoint(), tls.authority()))) {
      assertThat(service.put(FILE, large).status()).isEqualTo(200);
      assertThat(service.get(FILE).response().body()).isEqualTo(large);
      var range = service.get(FILE, "Range", "bytes=3000000-3000009");
      assertThat(range.status()).isEqualTo(206);
      assertThat(range.response().body()).hasSize(10);
      assertThat(service.pushCsv("protected", "a,b\n1,2\n").status()).isEqualTo(201);
    }
  }

  @Test
  void refusesAStoreOfAnotherAuthorityAndSaysWhatToCheck() throws Exception {
    assertRefused(store.endpoint(), TestCertificates.strangeAuthority(folder));
  }

  @Test
  void refusesACertificateThatDoesNotNameTheHost() throws Exception {
    assertRefused(store.endpoint().replace("127.0.0.1", "localhost"), tls.authority());
  }

  /** By MinIO's client and by the one that whole objects are read with. */
  private static void assertRefused(String endpoint, Path authority) throws Exception {
    S3Settings settings =
        new S3Settings(
            URI.create(endpoint),
            null,
            authority,
            store.keys().accessKey(),
            store.keys().secretKey(),
            "any",
            "us-east-1",
            DataSize.ofMegabytes(8),
            DataSize.ofMegabytes(64),
            Duration.ofSeconds(30),
            Duration.ofSeconds(5),
            Duration.ofSeconds(60));
    try (ObjectStore objects = new ObjectStore(settings);
        ObjectStream stream = new ObjectStream(objects, settings)) {
      assertThatThrownBy(objects::bucketExists)
          .isInstanceOf(StorageUnavailable.class)
          .hasMessageContaining("check that millrace.s3.root-certificate");
      assertThatThrownBy(
              () ->
                  stream
                      .read("key", 1, "", why -> Mono.just(new IllegalStateException(why)))
                      .blockLast())
          .isInstanceOf(StorageUnavailable.class)
          .hasMessageContaining("check that millrace.s3.root-certificate");
    }
  }

  @Test
  void refusesAFileThatCannotBeUsed() throws Exception {
    assertThatThrownBy(() -> TrustedAuthorities.of(folder.resolve("missing.pem")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("millrace.s3.root-certificate is ")
        .hasMessageContaining("missing.pem, which does not exist");
    Path text = Files.writeString(folder.resolve("text.pem"), "no certificate");
    assertThatThrownBy(() -> TrustedAuthorities.of(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("text.pem, which holds no certificate in PEM form");
  }

  private static Map<String, String> settings(String endpoint, Path authority) {
    Map<String, String> settings = new HashMap<>();
    settings.put("millrace.s3.endpoint", endpoint);
    settings.put("millrace.s3.root-certificate", authority.toString());
    settings.put("millrace.s3.access-key", store.keys().accessKey());
    settings.put("millrace.s3.secret-key", store.keys().secretKey());
    return settings;
  }
}
