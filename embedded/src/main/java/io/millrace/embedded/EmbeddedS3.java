package io.millrace.embedded;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.gaul.s3proxy.S3Proxy;
import org.gaul.s3proxy.auth.AuthenticationType;
import org.gaul.s3proxy.nio2blob.FilesystemNio2BlobStore;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An S3 endpoint on 127.0.0.1 whose objects are files below {@code s3/}. It accepts requests signed
 * with AWS signature version 4 by its one identity and nothing else; path-style addresses, any
 * region. Object metadata lives in extended file attributes, so a plain copy of the directory loses
 * it. It has neither versioning nor object tags.
 */
public final class EmbeddedS3 implements AutoCloseable {

  static final String PART = "s3";
  private static final Logger log = LoggerFactory.getLogger(EmbeddedS3.class);
  private static final int THREADS = 24;
  private static final long LARGEST_SINGLE_PUT = 5L << 30;

  private final DataDirectory directory;
  private final FilesystemNio2BlobStore store;
  private final S3Proxy proxy;
  private final S3Keys keys;
  private final boolean secure;
  private boolean closed;

  private EmbeddedS3(
      DataDirectory directory,
      FilesystemNio2BlobStore store,
      S3Proxy proxy,
      S3Keys keys,
      boolean secure) {
    this.directory = directory;
    this.store = store;
    this.proxy = proxy;
    this.keys = keys;
    this.secure = secure;
  }

  /**
   * Starts the endpoint and returns when it accepts requests.
   *
   * @throws EmbeddedStartException if the port is taken or the directory cannot be used
   */
  public static EmbeddedS3 start(EmbeddedPlatformSettings settings) {
    long began = System.nanoTime();
    DataDirectory directory = DataDirectory.hold(settings.dataDirectory(), PART);
    S3Proxy proxy = null;
    try {
      S3Keys keys = settings.s3Keys() != null ? settings.s3Keys() : keys(settings.dataDirectory());
      int port = Port.claim("S3", settings.s3Port());
      FilesystemNio2BlobStore store = new FilesystemNio2BlobStore(directory.child("s3").toString());
      S3Proxy.Builder builder = S3Proxy.builder();
      EmbeddedTls tls = settings.tls();
      if (tls == null) {
        builder.endpoint(URI.create("http://" + Port.HOST + ":" + port));
      } else {
        builder
            .secureEndpoint(URI.create("https://" + Port.HOST + ":" + port))
            .keyStore(tls.keyStore().toString(), tls.password());
      }
      proxy =
          builder
              .blobStore(store)
              .awsAuthentication(AuthenticationType.AWS_V4, keys.accessKey(), keys.secretKey())
              .v4MaxNonChunkedRequestSize(LARGEST_SINGLE_PUT)
              .maxSinglePartObjectSize(LARGEST_SINGLE_PUT)
              .jettyMaxThreads(THREADS)
              .stopTimeout(500)
              .build();
      proxy.start();
      EmbeddedS3 started = new EmbeddedS3(directory, store, proxy, keys, tls != null);
      settings
          .listener()
          .ready(
              PART, Port.HOST + ":" + started.port(), Duration.ofNanos(System.nanoTime() - began));
      return started;
    } catch (Exception | LinkageError e) {
      stop(proxy);
      directory.close();
      if (e instanceof EmbeddedStartException refused) {
        throw refused;
      }
      throw new EmbeddedStartException(
          "The S3 endpoint did not start in %s: %s".formatted(settings.dataDirectory(), e), e);
    }
  }

  /**
   * The kept keys of a data directory, generated at the first call (file {@code s3.credentials},
   * mode 0600).
   */
  public static S3Keys keys(Path dataDirectory) {
    Map<String, String> kept =
        SecretFile.readOrCreate(
            dataDirectory.resolve("s3.credentials"),
            Map.of("access-key", "millrace", "secret-key", SecretFile.random()));
    return new S3Keys(kept.getOrDefault("access-key", ""), kept.getOrDefault("secret-key", ""));
  }

  /** {@code http://127.0.0.1:port}, or {@code https:} where it is protected. */
  public String endpoint() {
    return (secure ? "https://" : "http://") + Port.HOST + ":" + port();
  }

  private int port() {
    return secure ? proxy.getSecurePort() : proxy.getPort();
  }

  /** The identity whose signatures are accepted. */
  public S3Keys keys() {
    return keys;
  }

  /** Creates the bucket unless it is there already. */
  public void createBucket(String bucket) {
    if (!store.containerExists(bucket)) {
      store.createContainer(bucket);
    }
  }

  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      stop(proxy);
      store.close();
      directory.close();
    }
  }

  private static void stop(@Nullable S3Proxy proxy) {
    if (proxy != null) {
      try {
        proxy.stop();
      } catch (Exception e) {
        log.warn("the S3 endpoint did not stop cleanly: {}", e.toString());
      }
    }
  }
}
