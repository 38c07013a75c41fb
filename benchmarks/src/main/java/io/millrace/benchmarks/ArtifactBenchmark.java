package io.millrace.benchmarks;

import io.minio.BucketExistsArgs;
import io.minio.DownloadObjectArgs;
import io.minio.GetObjectArgs;
import io.minio.MakeBucketArgs;
import io.minio.MinioClient;
import io.minio.RemoveObjectArgs;
import io.minio.UploadObjectArgs;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.function.Function;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.RequestBody;
import okhttp3.Response;
import okhttp3.ResponseBody;
import okio.BufferedSink;
import org.jspecify.annotations.Nullable;

/**
 * Uploads and downloads files with MinIO's own client straight to the store, through
 * artifact-service and through the gateway: the same bytes, in turns, in one run. All use one
 * connection and the same HTTP client, and each is warm before it counts. Only MinIO's own download
 * to a file asks for the object's size beside its bytes, on a second connection.
 *
 * @param service where artifact-service is
 * @param gateway where the gateway in front of it is
 * @param store the S3 server behind it
 * @param bucket of the direct transfers, made where it is missing
 */
record ArtifactBenchmark(
    Server service, Server gateway, URI store, String accessKey, String secretKey, String bucket) {

  private static final String FILES = "/api/2.0/mlflow-artifacts/artifacts/bench/";
  private static final int CHUNK = 64 * 1024;

  /** A process that is measured, and its address. */
  record Server(URI uri, ProcessHandle process) {}

  /** How many files of how many bytes make one transfer that is timed. */
  record Load(int files, long bytes) {

    private long all() {
      return files * bytes;
    }

    @Override
    public String toString() {
      var size = bytes >= 1L << 30 ? (bytes >> 30) + " GiB" : (bytes >> 20) + " MiB";
      return files == 1 ? size : files + " files of " + size;
    }
  }

  /**
   * One way beside the MinIO client, of the same rounds.
   *
   * @param rate bytes a second, the median of the rounds
   * @param direct the MinIO client's, likewise
   * @param ratio the median of the rounds' ratios
   * @param cpu what a gigabyte cost, by process
   */
  record Rate(double rate, double direct, double ratio, String cpu) {}

  /** One kind of transfer, straight to artifact-service and through the gateway. */
  record Rates(Rate service, Rate gateway) {}

  /**
   * What was measured of one load.
   *
   * @param upload from a file
   * @param download to a file, which is what MinIO's `downloadObject` and `mlflow artifacts
   *     download` do
   * @param read the same bytes into nothing
   */
  record Results(Rates upload, Rates download, Rates read) {}

  /**
   * Measures.
   *
   * @param warmUp for each kind of transfer, before anything counts
   */
  Results measure(Load files, Duration warmUp, int uploads, int downloads) throws Exception {
    Path file = Files.createTempFile("millrace-bench", ".bin");
    Path folder = Files.createTempDirectory("millrace-bench");
    OkHttpClient http = client();
    try (MinioClient direct =
        MinioClient.builder()
            .endpoint(store.toString())
            .credentials(accessKey, secretKey)
            .region("us-east-1")
            .build()) {
      fill(file, files.bytes());
      if (!direct.bucketExists(BucketExistsArgs.builder().bucket(bucket).build())) {
        direct.makeBucket(MakeBucketArgs.builder().bucket(bucket).build());
      }
      Rates upload =
          compare(
              files,
              warmUp,
              uploads,
              () -> renew(file),
              name -> () -> uploadDirectly(direct, file, name),
              server ->
                  name ->
                      () -> upload(http, server, name, RequestBody.create(file.toFile(), null)));
      Rates read =
          compare(
              files,
              warmUp,
              downloads,
              () -> {},
              name -> () -> readDirectly(direct, name, files.bytes()),
              server -> name -> () -> read(http, server, name, files.bytes()));
      Rates download =
          compare(
              files,
              warmUp,
              downloads,
              () -> {},
              name -> () -> downloadDirectly(direct, folder, name),
              server -> name -> () -> download(http, server, folder, name, files.bytes()));
      for (int i = 0; i < files.files(); i++) {
        direct.removeObject(RemoveObjectArgs.builder().bucket(bucket).object(name(i)).build());
        delete(http, name(i));
      }
      return new Results(upload, download, read);
    } finally {
      Files.deleteIfExists(file);
      remove(folder);
      close(http);
    }
  }

  /** One file of any size through the gateway and back; none of it is on the client's disk. */
  Pass pass(long bytes) throws IOException {
    OkHttpClient http = client();
    try {
      RequestBody body =
          new RequestBody() {
            @Override
            public okhttp3.@Nullable MediaType contentType() {
              return null;
            }

            @Override
            public long contentLength() {
              return bytes;
            }

            @Override
            public void writeTo(BufferedSink sink) throws IOException {
              byte[] block = block();
              for (long left = bytes; left > 0; left -= block.length) {
                sink.write(block, 0, (int) Math.min(left, block.length));
              }
            }
          };
      long begun = System.nanoTime();
      upload(http, gateway, "large", body);
      double upload = bytes * 1e9 / (System.nanoTime() - begun);
      begun = System.nanoTime();
      read(http, gateway, "large", bytes);
      double download = bytes * 1e9 / (System.nanoTime() - begun);
      delete(http, "large");
      return new Pass(upload, download);
    } finally {
      close(http);
    }
  }

  /** Bytes a second in each direction. */
  record Pass(double upload, double download) {}

  private interface Transfer {
    void run() throws Exception;
  }

  /**
   * Times the three ways in turns, so that whatever else the machine does meets all alike.
   *
   * @param before each transfer of all files, untimed
   */
  private Rates compare(
      Load files,
      Duration warmUp,
      int rounds,
      Transfer before,
      Function<String, Transfer> direct,
      Function<Server, Function<String, Transfer>> proxied)
      throws Exception {
    List<Function<String, Transfer>> ways =
        List.of(direct, proxied.apply(service), proxied.apply(gateway));
    long until = System.nanoTime() + warmUp.toNanos();
    do {
      for (Function<String, Transfer> way : ways) {
        before.run();
        seconds(files, way);
      }
    } while (System.nanoTime() < until);
    double[][] seconds = new double[ways.size()][rounds];
    Duration[][] spent = new Duration[ways.size()][3];
    for (Duration[] each : spent) {
      Arrays.fill(each, Duration.ZERO);
    }
    for (int round = 0; round < rounds; round++) {
      for (int i = 0; i < ways.size(); i++) {
        before.run();
        Duration[] earlier = cpu();
        seconds[i][round] = seconds(files, ways.get(i));
        Duration[] later = cpu();
        for (int process = 0; process < later.length; process++) {
          spent[i][process] = spent[i][process].plus(later[process].minus(earlier[process]));
        }
      }
    }
    Rate[] rates = new Rate[ways.size() - 1];
    for (int i = 1; i < ways.size(); i++) {
      double[] ratios = new double[rounds];
      for (int round = 0; round < rounds; round++) {
        ratios[round] = seconds[0][round] / seconds[i][round];
      }
      double gigabytes = (double) files.all() * rounds / 1e9;
      rates[i - 1] =
          new Rate(
              files.all() / median(seconds[i]),
              files.all() / median(seconds[0]),
              median(ratios),
              String.format(
                  Locale.ROOT,
                  "CPU seconds a GB: direct %.1f, else client and store %.1f, artifact-service %.1f%s",
                  seconds(spent[0][0]) / gigabytes,
                  seconds(spent[i][0]) / gigabytes,
                  seconds(spent[i][1]) / gigabytes,
                  i == 1
                      ? ""
                      : String.format(
                          Locale.ROOT, ", gateway %.1f", seconds(spent[i][2]) / gigabytes)));
    }
    return new Rates(rates[0], rates[1]);
  }

  private Duration[] cpu() {
    return new Duration[] {
      cpu(ProcessHandle.current()), cpu(service.process()), cpu(gateway.process())
    };
  }

  private static Duration cpu(ProcessHandle process) {
    return process.info().totalCpuDuration().orElse(Duration.ZERO);
  }

  private static double seconds(Duration duration) {
    return duration.toMillis() / 1e3;
  }

  private static double seconds(Load files, Function<String, Transfer> way) throws Exception {
    long began = System.nanoTime();
    for (int i = 0; i < files.files(); i++) {
      way.apply(name(i)).run();
    }
    return (System.nanoTime() - began) / 1e9;
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }

  private static String name(int number) {
    return "file-" + number + ".bin";
  }

  private static OkHttpClient client() {
    return new OkHttpClient.Builder()
        .readTimeout(Duration.ofMinutes(10))
        .writeTimeout(Duration.ofMinutes(10))
        .build();
  }

  private static void close(OkHttpClient http) {
    http.dispatcher().executorService().shutdown();
    http.connectionPool().evictAll();
  }

  private static void upload(OkHttpClient http, Server server, String name, RequestBody body)
      throws IOException {
    send(http, new Request.Builder().url(server.uri() + FILES + name).put(body).build());
  }

  private void delete(OkHttpClient http, String name) throws IOException {
    send(http, new Request.Builder().url(service.uri() + FILES + name).delete().build());
  }

  private static void send(OkHttpClient http, Request request) throws IOException {
    try (Response response = http.newCall(request).execute()) {
      if (!response.isSuccessful()) {
        throw new IOException(
            "%s of %s was answered %d".formatted(request.method(), request.url(), response.code()));
      }
    }
  }

  private void uploadDirectly(MinioClient direct, Path file, String name) throws Exception {
    direct.uploadObject(
        UploadObjectArgs.builder().bucket(bucket).object(name).filename(file.toString()).build());
  }

  /** To a file beside, which takes its name when it is whole: as MinIO's client does it. */
  private static void download(
      OkHttpClient http, Server server, Path folder, String name, long bytes) throws IOException {
    Path part = folder.resolve(name + ".part");
    try (Response response = http.newCall(get(server, name)).execute();
        ResponseBody body = response.body();
        OutputStream out = Files.newOutputStream(part)) {
      complete(body.byteStream().transferTo(out), bytes);
    }
    Files.move(part, folder.resolve(name), StandardCopyOption.REPLACE_EXISTING);
  }

  private void downloadDirectly(MinioClient direct, Path folder, String name) throws Exception {
    direct.downloadObject(
        DownloadObjectArgs.builder()
            .bucket(bucket)
            .object(name)
            .filename(folder.resolve(name).toString())
            .overwrite(true)
            .build());
  }

  private static void read(OkHttpClient http, Server server, String name, long bytes)
      throws IOException {
    try (Response response = http.newCall(get(server, name)).execute();
        ResponseBody body = response.body()) {
      readAll(body.byteStream(), bytes);
    }
  }

  private static Request get(Server server, String name) {
    return new Request.Builder().url(server.uri() + FILES + name).build();
  }

  private void readDirectly(MinioClient direct, String name, long bytes) throws Exception {
    try (InputStream object =
        direct.getObject(GetObjectArgs.builder().bucket(bucket).object(name).build())) {
      readAll(object, bytes);
    }
  }

  private static void readAll(InputStream in, long expected) throws IOException {
    byte[] buffer = new byte[CHUNK];
    long seen = 0;
    for (int read; (read = in.read(buffer)) >= 0; ) {
      seen += read;
    }
    complete(seen, expected);
  }

  private static void complete(long seen, long expected) throws IOException {
    if (seen != expected) {
      throw new IOException("%d of %d bytes came".formatted(seen, expected));
    }
  }

  private static void fill(Path file, long bytes) throws IOException {
    byte[] block = block();
    try (var out = Files.newOutputStream(file)) {
      for (long left = bytes; left > 0; left -= block.length) {
        out.write(block, 0, (int) Math.min(left, block.length));
      }
    }
  }

  /** Other bytes than before: storing the same again would change nothing. */
  private static void renew(Path file) throws IOException {
    try (var out = FileChannel.open(file, StandardOpenOption.WRITE)) {
      out.write(ByteBuffer.allocate(Long.BYTES).putLong(0, System.nanoTime()), 0);
    }
  }

  private static void remove(Path folder) throws IOException {
    try (var files = Files.newDirectoryStream(folder)) {
      for (Path file : files) {
        Files.delete(file);
      }
    }
    Files.delete(folder);
  }

  private static byte[] block() {
    byte[] block = new byte[1 << 20];
    new SplittableRandom(11).nextBytes(block);
    return block;
  }
}
