package io.millrace.cli;

import io.millrace.cli.GatewayClient.Answer;
import io.millrace.cli.LocalFiles.LocalFile;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import tools.jackson.databind.JsonNode;

/**
 * Moves the files of dataset versions, several at a time. What went before a break, be it of the
 * network or of this process, does not go again.
 */
final class DatasetTransfer {

  private static final int ATTEMPTS = 5;
  private static final int CHUNK = 1 << 16;
  private static final int ASKED_AT_ONCE = 50_000;
  private static final int OK = 200;
  private static final int PARTIAL = 206;

  private final GatewayClient gateway;
  private final Terminal terminal;
  private final int parallel;

  DatasetTransfer(GatewayClient gateway, Terminal terminal, int parallel) {
    this.gateway = gateway;
    this.terminal = terminal;
    this.parallel = parallel;
  }

  /**
   * What moved.
   *
   * @param files whose bytes moved
   * @param unchanged files that were there
   * @param bytes that moved now
   */
  record Moved(int files, int unchanged, long bytes) {}

  /** A version made, with what went for it. */
  record Pushed(JsonNode version, Moved moved) {}

  /** Sends what is missing of a folder or file and makes it a version. */
  Pushed push(String name, Path folderOrFile, String createdBy) {
    List<Path> found = LocalFiles.below(folderOrFile);
    if (found.isEmpty()) {
      throw new CliFailure(folderOrFile.toAbsolutePath() + " has no files.");
    }
    List<LocalFile> files;
    try (var hashing = new TransferProgress(terminal, "hash", sizes(found))) {
      files = LocalFiles.hashed(folderOrFile, found, parallel, hashing);
    }
    Map<String, LocalFile> missing = new HashMap<>();
    long partSize = Long.MAX_VALUE;
    for (int from = 0; from < files.size(); from += ASKED_AT_ONCE) {
      var some = files.subList(from, Math.min(files.size(), from + ASKED_AT_ONCE));
      var bySha = new HashMap<String, LocalFile>();
      some.forEach(file -> bySha.put(file.sha256(), file));
      var answer =
          gateway.post(
              "/api/v1/contents/missing",
              Map.of(
                  "files",
                  some.stream()
                      .map(file -> Map.of("sha256", file.sha256(), "size", file.size()))
                      .toList()));
      partSize = answer.path("partSize").asLong();
      for (var one : answer.path("missing")) {
        var sha256 = one.path("sha256").asString();
        missing.put(sha256, java.util.Objects.requireNonNull(bySha.get(sha256)));
      }
    }
    var largest = partSize;
    long moved;
    try (var progress =
        new TransferProgress(
            terminal, "push", missing.values().stream().mapToLong(LocalFile::size).sum())) {
      sendAll(missing.values(), largest, progress);
      moved = progress.moved();
    }
    var version =
        gateway.postForLong(
            "/api/v1/datasets/" + GatewayClient.encode(name) + "/versions",
            Map.of(
                "files",
                files.stream()
                    .map(
                        file ->
                            Map.of(
                                "path", file.path(), "sha256", file.sha256(), "size", file.size()))
                    .toList()),
            Map.of("Millrace-Created-By", createdBy));
    return new Pushed(version, new Moved(missing.size(), files.size() - missing.size(), moved));
  }

  /** One task for each small file and for each part of a large one. */
  private void sendAll(Iterable<LocalFile> files, long partSize, TransferProgress progress) {
    try (var threads = Executors.newFixedThreadPool(parallel)) {
      List<Future<?>> small = new ArrayList<>();
      Map<LocalFile, List<Future<?>>> parts = new HashMap<>();
      Map<LocalFile, String> completions = new HashMap<>();
      for (var file : files) {
        if (file.size() <= partSize) {
          small.add(
              threads.submit(
                  () -> put(file, 0, file.size(), "/api/v1/contents/" + file.sha256(), progress)));
          continue;
        }
        var upload =
            gateway.post(
                "/api/v1/contents/" + file.sha256() + "/uploads", Map.of("size", file.size()));
        var path =
            "/api/v1/contents/%s/uploads/%s"
                .formatted(file.sha256(), upload.path("uploadId").asString());
        completions.put(file, path + "/complete");
        Set<Integer> received = new HashSet<>();
        upload.path("received").forEach(number -> received.add(number.asInt()));
        var size = upload.path("partSize").asLong();
        var sending = new ArrayList<Future<?>>();
        for (int number = 1; number <= upload.path("parts").asInt(); number++) {
          long from = (number - 1) * size;
          long length = Math.min(size, file.size() - from);
          if (received.contains(number)) {
            progress.skip(length);
          } else {
            var to = path + "/parts/" + number;
            sending.add(threads.submit(() -> put(file, from, length, to, progress)));
          }
        }
        parts.put(file, sending);
      }
      try {
        for (var one : small) {
          await(one);
        }
        for (var file : parts.entrySet()) {
          for (var part : file.getValue()) {
            await(part);
          }
          gateway.postForLong(
              java.util.Objects.requireNonNull(completions.get(file.getKey())), Map.of(), Map.of());
        }
      } catch (CliFailure e) {
        threads.shutdownNow();
        throw e;
      }
    }
  }

  private void put(LocalFile file, long from, long length, String path, TransferProgress progress) {
    attempt(
        "send " + file.path(),
        () -> {
          var counted = new long[1];
          try {
            Answer answer =
                gateway.tryPut(path, range(file.file(), from, length, counted, progress));
            if (!answer.succeeded()) {
              throw new Refused(GatewayClient.refusal("PUT " + path, answer), answer.status());
            }
            return answer;
          } catch (IOException | Refused e) {
            progress.add(-counted[0]);
            throw e;
          }
        });
  }

  private static BodyPublisher range(
      Path file, long from, long length, long[] counted, TransferProgress progress) {
    if (length == 0) {
      return BodyPublishers.noBody();
    }
    return BodyPublishers.fromPublisher(
        BodyPublishers.ofInputStream(
            () -> {
              try {
                var in = Files.newInputStream(file);
                in.skipNBytes(from);
                return new Counted(in, length, counted, progress);
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
            }),
        length);
  }

  /** Fetches the files of a version that a folder does not have. */
  Moved pull(String name, JsonNode version, Path folder) {
    var base =
        "/api/v1/datasets/%s/versions/%d/files"
            .formatted(GatewayClient.encode(name), version.path("version").asInt());
    var files = files(base);
    var root = folder.toAbsolutePath().normalize();
    for (var file : files) {
      var target = root.resolve(file.path()).normalize();
      if (!target.startsWith(root) || target.equals(root)) {
        throw new CliFailure("The version has a file outside its folder: " + file.path());
      }
    }
    var wanted = new ArrayList<Remote>();
    try (var hashing = new TransferProgress(terminal, "compare", present(root, files));
        var threads = Executors.newFixedThreadPool(parallel)) {
      var same = new HashMap<Remote, Future<Boolean>>();
      for (var file : files) {
        same.put(file, threads.submit(() -> isHere(root.resolve(file.path()), file, hashing)));
      }
      for (var file : files) {
        if (!await(java.util.Objects.requireNonNull(same.get(file)))) {
          wanted.add(file);
        }
      }
    }
    long moved;
    try (var progress =
            new TransferProgress(terminal, "pull", wanted.stream().mapToLong(Remote::size).sum());
        var threads = Executors.newFixedThreadPool(parallel)) {
      Files.createDirectories(root);
      var fetching = new ArrayList<Future<?>>();
      for (var file : wanted) {
        fetching.add(threads.submit(() -> fetch(base, file, root, progress)));
      }
      try {
        fetching.forEach(DatasetTransfer::await);
      } catch (CliFailure e) {
        threads.shutdownNow();
        throw e;
      }
      moved = progress.moved();
      deleteIfEmpty(root.resolve(LocalFiles.PARTS_FOLDER));
    } catch (IOException e) {
      throw new CliFailure("Cannot write into " + root + ": " + e.getMessage());
    }
    return new Moved(wanted.size(), files.size() - wanted.size(), moved);
  }

  /** A file of a version. */
  record Remote(String path, long size, String sha256) {}

  /** All files of a version, by its address. */
  List<Remote> files(String base) {
    var files = new ArrayList<Remote>();
    var token = "";
    do {
      var page = gateway.get(base + "?limit=1000&pageToken=" + GatewayClient.encode(token));
      for (var file : page.path("items")) {
        files.add(
            new Remote(
                file.path("path").asString(),
                file.path("size").asLong(),
                file.path("sha256").asString()));
      }
      token = page.path("nextPageToken").asString("");
    } while (!token.isEmpty());
    return files;
  }

  private static long present(Path root, List<Remote> files) {
    return files.stream()
        .filter(file -> hasSize(root.resolve(file.path()), file.size()))
        .mapToLong(Remote::size)
        .sum();
  }

  private static boolean isHere(Path target, Remote file, TransferProgress progress)
      throws IOException {
    return hasSize(target, file.size())
        && LocalFiles.sha256(target, progress).equals(file.sha256());
  }

  private static boolean hasSize(Path file, long size) {
    try {
      return Files.isRegularFile(file) && Files.size(file) == size;
    } catch (IOException e) {
      return false;
    }
  }

  /** Into a file beside, from where it stopped; it gets its name when its digest is right. */
  private void fetch(String base, Remote file, Path root, TransferProgress progress) {
    var target = root.resolve(file.path());
    var part =
        root.resolve(LocalFiles.PARTS_FOLDER)
            .resolve("%s-%08x".formatted(file.sha256(), file.path().hashCode()));
    var url = base + "/" + GatewayClient.encodePath(file.path());
    attempt(
        "fetch " + file.path(),
        () -> {
          Files.createDirectories(java.util.Objects.requireNonNull(part.getParent()));
          long counted = 0;
          try (var out =
              FileChannel.open(part, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            long here = Math.min(out.size(), file.size());
            progress.skip(here);
            counted = here;
            if (here < file.size()) {
              var response = gateway.open(url, here, "\"" + file.sha256() + "\"");
              try (InputStream body = response.body()) {
                here = begin(response, here, url, progress);
                counted = here;
                out.truncate(here).position(here);
                var buffer = new byte[CHUNK];
                for (int read; (read = body.read(buffer)) >= 0; ) {
                  var bytes = ByteBuffer.wrap(buffer, 0, read);
                  while (bytes.hasRemaining()) {
                    out.write(bytes);
                  }
                  progress.add(read);
                  counted += read;
                }
              }
            }
            out.force(true);
          } catch (IOException | Refused e) {
            progress.add(-counted);
            throw e;
          }
          try (var silent = new TransferProgress(terminal, "check", 0)) {
            if (!LocalFiles.sha256(part, silent).equals(file.sha256())) {
              Files.deleteIfExists(part);
              progress.add(-counted);
              throw new IOException("the bytes that came are not those of the version");
            }
          }
          Files.createDirectories(java.util.Objects.requireNonNull(target.getParent()));
          Files.move(
              part, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
          return file;
        });
  }

  /** Where the answer begins: where it was asked to, or at the start. */
  private static long begin(
      HttpResponse<InputStream> response, long asked, String url, TransferProgress progress)
      throws IOException {
    if (response.statusCode() == PARTIAL || (response.statusCode() == OK && asked == 0)) {
      return asked;
    }
    if (response.statusCode() == OK) {
      progress.add(-asked);
      return 0;
    }
    var said = new String(response.body().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
    throw new Refused(
        GatewayClient.refusal(
            "GET " + url, new Answer(response.statusCode(), GatewayClient.parse(said))),
        response.statusCode());
  }

  /** A refusal; those of the server's own trouble are tried again. */
  private static final class Refused extends RuntimeException {
    private final int status;

    Refused(String message, int status) {
      super(message);
      this.status = status;
    }
  }

  private static <T> T attempt(String doing, Callable<T> work) {
    for (int attempt = 1; ; attempt++) {
      String why;
      try {
        return work.call();
      } catch (Refused e) {
        if (e.status < 500 && e.status != 408 && e.status != 429) {
          throw new CliFailure(String.valueOf(e.getMessage()));
        }
        why = String.valueOf(e.getMessage());
      } catch (IOException | UncheckedIOException e) {
        why = String.valueOf(e.getMessage());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new CliFailure("Interrupted.");
      } catch (RuntimeException e) {
        throw e;
      } catch (Exception e) {
        why = e.toString();
      }
      if (attempt == ATTEMPTS) {
        throw new CliFailure(
            "Could not %s: %s. Run the same command again; what went does not go again."
                .formatted(doing, why));
      }
      try {
        Thread.sleep(200L << attempt);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new CliFailure("Interrupted.");
      }
    }
  }

  private static <T> T await(Future<T> task) {
    try {
      return task.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof CliFailure failure) {
        throw failure;
      }
      throw new CliFailure("The transfer failed: " + e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CliFailure("Interrupted.");
    }
  }

  private static void deleteIfEmpty(Path folder) throws IOException {
    if (Files.isDirectory(folder)) {
      try (var left = Files.list(folder)) {
        if (left.findAny().isPresent()) {
          return;
        }
      }
      Files.delete(folder);
    }
  }

  private static long sizes(List<Path> files) {
    long sum = 0;
    for (var file : files) {
      try {
        sum += Files.size(file);
      } catch (IOException e) {
        throw new CliFailure("Cannot read " + file + ": " + e.getMessage());
      }
    }
    return sum;
  }

  /** So many bytes of a stream, each told to the progress. */
  private static final class Counted extends FilterInputStream {
    private final long[] counted;
    private final TransferProgress progress;
    private long left;

    Counted(InputStream in, long length, long[] counted, TransferProgress progress) {
      super(in);
      this.left = length;
      this.counted = counted;
      this.progress = progress;
    }

    @Override
    public int read() throws IOException {
      var one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
      if (left == 0) {
        return -1;
      }
      int read = super.read(bytes, offset, (int) Math.min(length, left));
      if (read > 0) {
        left -= read;
        counted[0] += read;
        progress.add(read);
      }
      return read;
    }
  }
}
