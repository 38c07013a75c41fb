package io.millrace.artifact.storage;

import io.minio.AbortMultipartUploadArgs;
import io.minio.BucketExistsArgs;
import io.minio.CompleteMultipartUploadArgs;
import io.minio.ComposeObjectArgs;
import io.minio.CreateMultipartUploadArgs;
import io.minio.GetObjectArgs;
import io.minio.MakeBucketArgs;
import io.minio.MinioAsyncClient;
import io.minio.PutObjectAPIArgs;
import io.minio.RemoveObjectArgs;
import io.minio.SourceObject;
import io.minio.UploadPartArgs;
import io.minio.errors.ErrorResponseException;
import io.minio.messages.Part;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import okhttp3.Dispatcher;
import okhttp3.OkHttpClient;
import org.springframework.stereotype.Component;

/** The calls on S3 that this service makes. They block and are meant for virtual threads. */
@Component
final class ObjectStore implements AutoCloseable {

  private static final int CALLS = 256;
  private static final int PROBE_SECONDS = 3;

  private final S3Settings settings;
  private final OkHttpClient http;
  private final MinioAsyncClient client;

  ObjectStore(S3Settings settings) {
    this.settings = settings;
    Dispatcher dispatcher = new Dispatcher(Executors.newVirtualThreadPerTaskExecutor());
    dispatcher.setMaxRequests(CALLS);
    dispatcher.setMaxRequestsPerHost(CALLS);
    this.http =
        new OkHttpClient.Builder()
            .dispatcher(dispatcher)
            .connectTimeout(settings.connectTimeout())
            .readTimeout(settings.timeout())
            .writeTimeout(settings.timeout())
            .build();
    this.client =
        MinioAsyncClient.builder()
            .endpoint(settings.endpoint().toString())
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
    await(
        "store " + key,
        client.putObject(
            PutObjectAPIArgs.builder()
                .bucket(settings.bucket())
                .object(key)
                .data(bytes, length)
                .build()));
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
    return await(
            "store part " + number + " of " + key,
            client.uploadPart(
                UploadPartArgs.builder()
                    .bucket(settings.bucket())
                    .object(key)
                    .uploadId(uploadId)
                    .partNumber(number)
                    .data(bytes, length)
                    .build()))
        .part();
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

  /** Deletes an object; one that is not there is none. */
  void delete(String key) {
    try {
      await(
          "delete " + key,
          client.removeObject(
              RemoveObjectArgs.builder().bucket(settings.bucket()).object(key).build()));
    } catch (ObjectMissing gone) {
      // Deleted before.
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

  private StorageUnavailable unavailable(String doing, String why, Throwable cause) {
    return new StorageUnavailable(
        "the object store %s could not %s: %s".formatted(address(), doing, why), cause);
  }

  /** An object that should be there is not. */
  static final class ObjectMissing extends RuntimeException {
    ObjectMissing(String message, Throwable cause) {
      super(message, cause);
    }
  }
}
