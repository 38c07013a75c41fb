package io.millrace.benchmarks;

import io.minio.BucketExistsArgs;
import io.minio.GetObjectArgs;
import io.minio.MakeBucketArgs;
import io.minio.MinioClient;
import io.minio.RemoveObjectArgs;
import io.minio.UploadObjectArgs;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.SplittableRandom;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.RequestBody;
import okhttp3.Response;
import okhttp3.ResponseBody;

/**
 * Uploads and downloads one large file through the artifact proxy, and beside it with MinIO's own
 * client straight to the same store: the same bytes, in turns, in one run. Both sides use one
 * connection and the same HTTP client.
 *
 * @param proxy where the proxy's API is, for example the gateway or artifact-service
 * @param store the S3 server behind it
 * @param bucket of the direct transfers, made where it is missing
 */
record ArtifactBenchmark(URI proxy, URI store, String accessKey, String secretKey, String bucket) {

  private static final String FILES = "/api/2.0/mlflow-artifacts/artifacts/bench/";
  private static final String OBJECT = "bench/direct.bin";
  private static final int CHUNK = 64 * 1024;

  /**
   * Rates in bytes a second, each the best of its rounds.
   *
   * @param upload through the proxy
   * @param directUpload straight to the store
   */
  record Rates(
      long bytes, double upload, double directUpload, double download, double directDownload) {

    double uploadRatio() {
      return upload / directUpload;
    }

    double downloadRatio() {
      return download / directDownload;
    }

    @Override
    public String toString() {
      return "%d MiB: up %.0f MB/s (direct %.0f, ratio %.2f), down %.0f MB/s (direct %.0f, ratio %.2f)"
          .formatted(
              bytes >> 20,
              upload / 1e6,
              directUpload / 1e6,
              uploadRatio(),
              download / 1e6,
              directDownload / 1e6,
              downloadRatio());
    }
  }

  /** Measures with a file of that size, after one round that does not count. */
  Rates measure(long bytes, int rounds) throws Exception {
    Path file = Files.createTempFile("millrace-bench", ".bin");
    OkHttpClient http =
        new OkHttpClient.Builder()
            .readTimeout(Duration.ofMinutes(10))
            .writeTimeout(Duration.ofMinutes(10))
            .build();
    try (MinioClient direct =
        MinioClient.builder()
            .endpoint(store.toString())
            .credentials(accessKey, secretKey)
            .region("us-east-1")
            .build()) {
      fill(file, bytes);
      if (!direct.bucketExists(BucketExistsArgs.builder().bucket(bucket).build())) {
        direct.makeBucket(MakeBucketArgs.builder().bucket(bucket).build());
      }
      double[] best = new double[4];
      for (int round = 0; round <= rounds; round++) {
        double[] now = {
          rate(bytes, () -> upload(http, file)),
          rate(bytes, () -> uploadDirectly(direct, file)),
          rate(bytes, () -> download(http, bytes)),
          rate(bytes, () -> downloadDirectly(direct, bytes))
        };
        for (int i = 0; i < best.length && round > 0; i++) {
          best[i] = Math.max(best[i], now[i]);
        }
      }
      direct.removeObject(RemoveObjectArgs.builder().bucket(bucket).object(OBJECT).build());
      return new Rates(bytes, best[0], best[1], best[2], best[3]);
    } finally {
      Files.deleteIfExists(file);
      http.dispatcher().executorService().shutdown();
      http.connectionPool().evictAll();
    }
  }

  private interface Transfer {
    void run() throws Exception;
  }

  private static double rate(long bytes, Transfer transfer) throws Exception {
    long began = System.nanoTime();
    transfer.run();
    return bytes * 1e9 / (System.nanoTime() - began);
  }

  private void upload(OkHttpClient http, Path file) throws IOException {
    Request request =
        new Request.Builder()
            .url(proxy + FILES + "proxied.bin")
            .put(RequestBody.create(file.toFile(), null))
            .build();
    try (Response response = http.newCall(request).execute()) {
      if (!response.isSuccessful()) {
        throw new IOException("the upload was answered " + response.code());
      }
    }
  }

  private void uploadDirectly(MinioClient direct, Path file) throws Exception {
    direct.uploadObject(
        UploadObjectArgs.builder().bucket(bucket).object(OBJECT).filename(file.toString()).build());
  }

  private void download(OkHttpClient http, long bytes) throws IOException {
    Request request = new Request.Builder().url(proxy + FILES + "proxied.bin").build();
    try (Response response = http.newCall(request).execute();
        ResponseBody body = response.body()) {
      readAll(body.byteStream(), bytes);
    }
  }

  private void downloadDirectly(MinioClient direct, long bytes) throws Exception {
    try (InputStream object =
        direct.getObject(GetObjectArgs.builder().bucket(bucket).object(OBJECT).build())) {
      readAll(object, bytes);
    }
  }

  private static void readAll(InputStream in, long expected) throws IOException {
    byte[] buffer = new byte[CHUNK];
    long seen = 0;
    for (int read; (read = in.read(buffer)) >= 0; ) {
      seen += read;
    }
    if (seen != expected) {
      throw new IOException("%d of %d bytes came".formatted(seen, expected));
    }
  }

  private static void fill(Path file, long bytes) throws IOException {
    byte[] block = new byte[1 << 20];
    SplittableRandom random = new SplittableRandom(11);
    try (var out = Files.newOutputStream(file)) {
      for (long left = bytes; left > 0; left -= block.length) {
        random.nextBytes(block);
        out.write(block, 0, (int) Math.min(left, block.length));
      }
    }
  }
}
