package io.millrace.artifact.storage;

import io.minio.AbortMultipartUploadArgs;
import io.minio.BucketExistsArgs;
import io.minio.CompleteMultipartUploadArgs;
import io.minio.ComposeObjectArgs;
import io.minio.CreateMultipartUploadArgs;
import io.minio.GetObjectArgs;
import io.minio.GetPresignedObjectUrlArgs;
import io.minio.Http;
import io.minio.ListObjectsArgs;
import io.minio.MakeBucketArgs;
import io.minio.MinioAsyncClient;
import io.minio.MinioClient;
import io.minio.RemoveObjectsArgs;
import io.minio.Result;
import io.minio.SourceObject;
import io.minio.errors.ErrorResponseException;
import io.minio.errors.MinioException;
import io.minio.messages.DeleteRequest;
import io.minio.messages.DeleteResult;
import io.minio.messages.Item;
import io.minio.messages.Part;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import okhttp3.Dispatcher;
import okhttp3.MediaType;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.RequestBody;
import okhttp3.Response;
import okio.BufferedSink;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** The calls on S3 that this service makes. They block and are meant for virtual threads. */
@Component
final class ObjectStore implements AutoCloseable {

  private static final int CALLS = 256;
  private static final int PROBE_SECONDS = 3;
  private static final int PASSED_AT_A_TIME = 64 * 1024;
  private static final Duration HOUR = Duration.ofHours(1);
  private static final Duration LONGEST_SIGNATURE = Duration.ofDays(7);

  private final S3Settings settings;
  private final OkHttpClient http;
  private final MinioAsyncClient client;
  private final @Nullable MinioAsyncClient publicClient;
  private final ReadAddresses reads;

  ObjectStore(S3Settings settings) {
    this.settings = settings;
    Dispatcher dispatcher = new Dispatcher(Executors.newVirtualThreadPerTaskExecutor());
    dispatcher.setMaxRequests(CALLS);
    dispatcher.setMaxRequestsPerHost(CALLS);
    OkHttpClient.Builder connections =
        new OkHttpClient.Builder()
            .dispatcher(dispatcher)
            .connectTimeout(settings.connectTimeout())
            .readTimeout(settings.timeout())
            .writeTimeout(settings.timeout());
    TrustedAuthorities.of(settings.rootCertificate()).into(connections);
    this.http = connections.build();
    this.client =
        MinioAsyncClient.builder()
            .endpoint(settings.endpoint().toString())
            .credentials(settings.accessKey(), settings.secretKey())
            .region(settings.region())
            .httpClient(http)
            .build();
    this.reads = new ReadAddresses(bucketAddress(), settings, Clock.systemUTC());
    this.publicClient =
        settings.publicEndpoint() == null
            ? null
            : MinioAsyncClient.builder()
                .endpoint(settings.publicEndpoint().toString())
                .credentials(settings.accessKey(), settings.secretKey())
                .region(settings.region())
                .httpClient(http)
                .build();
  }

  /** Creates the bucket unless it is there. */
  void createBucket() {
    if (!bucketExists()) {
      await(
          "create the bucket",
          client.makeBucket(MakeBucketArgs.builder().bucket(settings.bucket()).build()));
    }
  }

  /** Whether the bucket is there; a server that is silent for a few seconds counts as away. */
  boolean bucketExists() {
    return await(
        "find the bucket",
        client
            .bucketExists(BucketExistsArgs.builder().bucket(settings.bucket()).build())
            .orTimeout(PROBE_SECONDS, TimeUnit.SECONDS));
  }

  void put(String key, byte[] bytes, int length) {
    send("store " + key, key, Map.of(), RequestBody.create(bytes, null, 0, length));
  }

  /** Starts an upload in parts and returns its id. */
  String beginParts(String key) {
    return await(
            "start to store " + key,
            client.createMultipartUpload(
                CreateMultipartUploadArgs.builder().bucket(settings.bucket()).object(key).build()))
        .result()
        .uploadId();
  }

  Part putPart(String key, String uploadId, int number, byte[] bytes, int length) {
    return new Part(
        number,
        send(
            "store part " + number + " of " + key,
            key,
            partQuery(uploadId, number),
            RequestBody.create(bytes, null, 0, length)));
  }

  /**
   * Passes a part on as it comes; nothing of it is held.
   *
   * @param bytes exactly that many
   * @return the server's ETag of the part
   * @throws SenderFailed if the bytes end early
   */
  String passPart(String key, String uploadId, int number, InputStream bytes, long length) {
    Passed body = new Passed(bytes, length);
    try {
      return send("store part " + number + " of " + key, key, partQuery(uploadId, number), body);
    } catch (StorageUnavailable e) {
      if (body.failure != null) {
        throw new SenderFailed(body.failure);
      }
      throw e;
    }
  }

  /** The sender of a part went away, or sent less than it said. */
  static final class SenderFailed extends RuntimeException {
    SenderFailed(IOException cause) {
      super(cause);
    }
  }

  /**
   * By an address that is signed here, so that neither side hashes the bytes for the signature;
   * what is stored is checked by its own digests.
   */
  private String send(String doing, String key, Map<String, String> query, RequestBody body) {
    Request request =
        new Request.Builder()
            .url(presigned(client, Http.Method.PUT, key, query, HOUR))
            .put(body)
            .build();
    try (Response response = http.newCall(request).execute()) {
      if (!response.isSuccessful()) {
        String said = response.body().string();
        if (said.contains("NoSuchUpload")) {
          throw new ObjectMissing(doing + ": NoSuchUpload", null);
        }
        throw unavailable(doing, "it answered " + response.code() + " " + said, null);
      }
      String etag = response.header("ETag");
      return etag == null ? "" : etag.replace("\"", "");
    } catch (IOException e) {
      throw unavailable(doing, e.toString(), e);
    }
  }

  private static Map<String, String> partQuery(String uploadId, int number) {
    return Map.of("partNumber", Integer.toString(number), "uploadId", uploadId);
  }

  /** The address of a part at the store's public endpoint; empty where it has none. */
  Optional<String> publicPartAddress(String key, String uploadId, int number, Duration valid) {
    return Optional.ofNullable(publicClient)
        .map(to -> presigned(to, Http.Method.PUT, key, partQuery(uploadId, number), valid));
  }

  /** The address of an object at the store's public endpoint; empty where it has none. */
  Optional<String> publicAddress(String key, Duration valid) {
    return Optional.ofNullable(publicClient)
        .map(to -> presigned(to, Http.Method.GET, key, Map.of(), valid));
  }

  private String presigned(
      MinioAsyncClient to,
      Http.Method method,
      String key,
      Map<String, String> query,
      Duration valid) {
    try {
      return to.getPresignedObjectUrl(
          GetPresignedObjectUrlArgs.builder()
              .method(method)
              .bucket(settings.bucket())
              .object(key)
              .expiry((int) Math.min(valid.toSeconds(), LONGEST_SIGNATURE.toSeconds()))
              .extraQueryParams(query)
              .build());
    } catch (MinioException e) {
      throw unavailable("sign an address of " + key, String.valueOf(e.getMessage()), e);
    }
  }

  private static final class Passed extends RequestBody {
    private final InputStream bytes;
    private final long length;
    private @Nullable IOException failure;

    Passed(InputStream bytes, long length) {
      this.bytes = bytes;
      this.length = length;
    }

    @Override
    public @Nullable MediaType contentType() {
      return null;
    }

    @Override
    public long contentLength() {
      return length;
    }

    @Override
    public boolean isOneShot() {
      return true;
    }

    @Override
    public void writeTo(BufferedSink sink) throws IOException {
      byte[] buffer = new byte[PASSED_AT_A_TIME];
      long left = length;
      while (left > 0) {
        int read;
        try {
          read = bytes.read(buffer, 0, (int) Math.min(buffer.length, left));
          if (read < 0) {
            throw new IOException("%d of %d bytes did not come".formatted(left, length));
          }
        } catch (IOException e) {
          failure = e;
          throw e;
        }
        sink.write(buffer, 0, read);
        left -= read;
      }
    }
  }

  /** Makes the parts one object; nothing was visible before. */
  void completeParts(String key, String uploadId, List<Part> parts) {
    await(
        "finish storing " + key,
        client.completeMultipartUpload(
            CompleteMultipartUploadArgs.builder()
                .bucket(settings.bucket())
                .object(key)
                .uploadId(uploadId)
                .parts(parts.toArray(Part[]::new))
                .build()));
  }

  /** Gives an upload in parts up; one that is over already is none. */
  void abortParts(String key, String uploadId) {
    try {
      await(
          "give up storing " + key,
          client.abortMultipartUpload(
              AbortMultipartUploadArgs.builder()
                  .bucket(settings.bucket())
                  .object(key)
                  .uploadId(uploadId)
                  .build()));
    } catch (ObjectMissing over) {
      // Completed or aborted before.
    }
  }

  /** Copies inside the server, in parts where the object is too large for one copy. */
  void copy(String from, String to) {
    // The client edits the list it is given.
    List<SourceObject> sources = new ArrayList<>();
    sources.add(SourceObject.builder().bucket(settings.bucket()).object(from).build());
    await(
        "copy " + from + " to " + to,
        client.composeObject(
            ComposeObjectArgs.builder()
                .bucket(settings.bucket())
                .object(to)
                .sources(sources)
                .build()));
  }

  /**
   * Opens an object; the caller closes the stream.
   *
   * @throws ObjectMissing if it is not there
   */
  InputStream open(String key) {
    return await(
        "read " + key,
        client.getObject(GetObjectArgs.builder().bucket(settings.bucket()).object(key).build()));
  }

  /** The address of an object for this service's own streaming reads, good for an hour. */
  String ownAddress(String key) {
    return reads.of(key);
  }

  /** Where the bucket is: before its name or behind it, as the client addresses that server. */
  private URI bucketAddress() {
    String anObject = presigned(client, Http.Method.GET, "-", Map.of(), HOUR);
    return URI.create(anObject.substring(0, anObject.indexOf("/-?")));
  }

  /** Opens a range of an object; the caller closes the stream. */
  InputStream open(String key, long first, long length) {
    return await(
        "read " + key,
        client.getObject(
            GetObjectArgs.builder()
                .bucket(settings.bucket())
                .object(key)
                .offset(first)
                .length(length)
                .build()));
  }

  /** Deletes objects by one call for up to a thousand; one that is not there is none. */
  void deleteAll(List<String> keys) {
    if (keys.isEmpty()) {
      return;
    }
    for (Result<DeleteResult.Error> refused :
        client.removeObjects(
            RemoveObjectsArgs.builder()
                .bucket(settings.bucket())
                .objects(keys.stream().map(DeleteRequest.Object::new).toList())
                .build())) {
      try {
        DeleteResult.Error error = refused.get();
        if (!"NoSuchKey".equals(error.code())) {
          throw unavailable(
              "delete " + error.objectName(), error.code() + ": " + error.message(), null);
        }
      } catch (MinioException e) {
        throw failure("delete objects", e);
      }
    }
  }

  /** All objects of the bucket with the time they were written. */
  void eachObject(BiConsumer<String, Instant> seen) {
    try (MinioClient lister =
        MinioClient.builder()
            .endpoint(settings.endpoint().toString())
            .credentials(settings.accessKey(), settings.secretKey())
            .region(settings.region())
            .httpClient(http)
            .build()) {
      for (Result<Item> result :
          lister.listObjects(
              ListObjectsArgs.builder().bucket(settings.bucket()).recursive(true).build())) {
        Item item = result.get();
        if (!item.isDir()) {
          seen.accept(item.objectName(), item.lastModified().toInstant());
        }
      }
    } catch (MinioException e) {
      throw failure("list objects", e);
    } catch (Exception e) {
      throw unavailable("list objects", e.toString(), e);
    }
  }

  /** The server and bucket as messages name them. */
  String address() {
    return settings.endpoint() + "/" + settings.bucket();
  }

  @Override
  public void close() throws Exception {
    client.close();
    http.dispatcher().executorService().shutdownNow();
    http.connectionPool().evictAll();
  }

  private <T> T await(String doing, CompletableFuture<T> call) {
    try {
      return call.get();
    } catch (InterruptedException e) {
      call.cancel(true);
      Thread.currentThread().interrupt();
      throw new StorageUnavailable("interrupted while about to " + doing, e);
    } catch (ExecutionException | CompletionException e) {
      throw failure(doing, e);
    }
  }

  private RuntimeException failure(String doing, Throwable thrown) {
    Throwable cause = thrown;
    while ((cause instanceof ExecutionException || cause instanceof CompletionException)
        && cause.getCause() != null) {
      cause = cause.getCause();
    }
    if (cause instanceof ErrorResponseException refused) {
      String code = String.valueOf(refused.errorResponse().code());
      return switch (code) {
        case "NoSuchKey", "NoSuchUpload" -> new ObjectMissing(doing + ": " + code, cause);
        case "InvalidPart", "InvalidPartOrder", "EntityTooSmall", "EntityTooLarge" ->
            new InvalidParts("the object store refuses these parts: " + code);
        case "InvalidAccessKeyId", "SignatureDoesNotMatch", "AccessDenied" ->
            unavailable(
                doing, code + "; check millrace.s3.access-key and millrace.s3.secret-key", cause);
        case "NoSuchBucket" ->
            unavailable(
                doing,
                code + "; restart this service to create it, or correct millrace.s3.bucket",
                cause);
        default -> unavailable(doing, code + ": " + refused.errorResponse().message(), cause);
      };
    }
    return unavailable(doing, String.valueOf(cause), cause);
  }

  private StorageUnavailable unavailable(String doing, String why, @Nullable Throwable cause) {
    return new StorageUnavailable(
        "the object store %s could not %s: %s%s"
            .formatted(address(), doing, why, TrustedAuthorities.remedy(cause)),
        cause);
  }

  /** An object that should be there is not. */
  static final class ObjectMissing extends RuntimeException {
    ObjectMissing(String message, @Nullable Throwable cause) {
      super(message, cause);
    }
  }
}
