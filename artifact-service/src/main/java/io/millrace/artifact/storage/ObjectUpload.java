package io.millrace.artifact.storage;

import io.minio.messages.Part;
import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Bytes on their way into one object. It holds at most two parts in memory, one that fills and one
 * that is sent; an object that fits in one is stored by one call, a larger one in parts. Nothing is
 * visible before {@link #finish}, and after it the object stays only if a transaction refers to it.
 * Not for use by several threads.
 */
public final class ObjectUpload extends OutputStream {

  private static final Logger log = LoggerFactory.getLogger(ObjectUpload.class);
  private static final long CLAIM_EVERY_NANOS = 60_000_000_000L;

  private final ObjectStore store;
  private final Claims claims;
  private final KeyChoice keys;
  private final @Nullable String declaredSha256;
  private final OptionalLong declaredSize;
  private final UploadMemory.Share share;
  private final Blocks blocks;
  private final UploadMemory memory;
  private final Sha256 digest;
  private final BlockChecks checks = new BlockChecks();
  private final List<Part> parts = new ArrayList<>();
  private byte[] buffer;
  private byte @Nullable [] spare;
  private UploadMemory.@Nullable Share spareShare;
  private @Nullable CompletableFuture<Part> sending;
  private int filled;
  private long size;
  private @Nullable String uploadId;
  private long claimedAt;
  private @Nullable String claimed;
  private boolean finished;
  private boolean closed;

  ObjectUpload(
      ObjectStore store,
      Claims claims,
      Blocks blocks,
      UploadMemory memory,
      int partSize,
      KeyChoice keys,
      @Nullable String declaredSha256,
      OptionalLong declaredSize) {
    this.store = store;
    this.claims = claims;
    this.blocks = blocks;
    this.memory = memory;
    this.keys = keys;
    this.declaredSha256 = declaredSha256;
    this.declaredSize = declaredSize;
    this.digest = Sha256.of(declaredSize.orElse(Long.MAX_VALUE));
    int capacity = capacity(partSize, declaredSize);
    this.share = memory.take(capacity);
    this.buffer = new byte[capacity];
  }

  private static int capacity(int partSize, OptionalLong declaredSize) {
    if (declaredSize.isEmpty()) {
      return partSize;
    }
    long bytes = declaredSize.getAsLong();
    if (bytes <= partSize) {
      return (int) bytes;
    }
    if (bytes > (long) partSize * S3Settings.MAX_PARTS) {
      throw tooLarge(partSize);
    }
    return partSize;
  }

  @Override
  public void write(int value) throws IOException {
    write(new byte[] {(byte) value}, 0, 1);
  }

  @Override
  public void write(byte[] bytes, int offset, int length) throws IOException {
    digest.update(bytes, offset, length);
    checks.update(bytes, offset, length);
    size += length;
    if (declaredSize.isPresent() && size > declaredSize.getAsLong()) {
      throw new IOException("more bytes than the declared " + declaredSize.getAsLong());
    }
    int from = offset;
    int left = length;
    while (left > 0) {
      if (filled == buffer.length) {
        sendPart();
      }
      int copied = Math.min(left, buffer.length - filled);
      System.arraycopy(bytes, from, buffer, filled, copied);
      filled += copied;
      from += copied;
      left -= copied;
    }
  }

  /** Bytes so far. */
  public long size() {
    return size;
  }

  /**
   * Stores what was written as one object and returns it. The object is claimed: it is removed
   * again unless a transaction refers to it.
   *
   * @throws DigestMismatch if the bytes are not the declared ones; nothing is stored
   * @throws IOException if there are fewer bytes than declared
   * @throws StorageUnavailable if the store fails
   */
  public StoredObject finish() throws IOException {
    if (declaredSize.isPresent() && size < declaredSize.getAsLong()) {
      throw new IOException(
          "only %d of the declared %d bytes arrived".formatted(size, declaredSize.getAsLong()));
    }
    String sha256 = digest.hex();
    if (declaredSha256 != null && !declaredSha256.equals(sha256)) {
      throw new DigestMismatch(declaredSha256, sha256);
    }
    String key;
    if (uploadId == null) {
      key = keys.afterHash(sha256);
      claim(key);
      keepChecks(key);
      store.put(key, buffer, filled);
    } else {
      sendPart();
      awaitPart();
      key = keys.beforeHash();
      claim(key);
      keepChecks(key);
      store.completeParts(key, uploadId, parts);
    }
    finished = true;
    return new StoredObject(key, sha256, size);
  }

  /** Gives back the memory, and removes what was sent unless the upload was finished. */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    try {
      awaitPart();
    } catch (RuntimeException e) {
      log.debug("the last part of a given up upload: {}", e.toString());
    }
    buffer = new byte[0];
    spare = null;
    share.close();
    if (spareShare != null) {
      spareShare.close();
    }
    if (!finished && claimed != null) {
      try {
        if (uploadId != null) {
          store.abortParts(claimed, uploadId);
        }
        claims.giveUp(claimed);
      } catch (RuntimeException e) {
        log.info("{} is left for the sweep: {}", claimed, e.toString());
      }
    }
  }

  private void sendPart() {
    if (parts.size() + (sending == null ? 0 : 1) == S3Settings.MAX_PARTS) {
      throw tooLarge(buffer.length);
    }
    String key = keys.beforeHash();
    if (uploadId == null) {
      claim(key);
      uploadId = store.beginParts(key);
      claim(key);
    } else if (System.nanoTime() - claimedAt > CLAIM_EVERY_NANOS) {
      claim(key);
    }
    awaitPart();
    int number = parts.size() + 1;
    byte[] full = buffer;
    int length = filled;
    String id = uploadId;
    if (!haveSpare(full.length)) {
      parts.add(store.putPart(key, id, number, full, length));
    } else {
      CompletableFuture<Part> sent = new CompletableFuture<>();
      Thread.ofVirtual()
          .name("part-sender")
          .start(
              () -> {
                try {
                  sent.complete(store.putPart(key, id, number, full, length));
                } catch (Throwable e) {
                  sent.completeExceptionally(e);
                }
              });
      sending = sent;
      buffer = Objects.requireNonNull(spare);
      spare = full;
    }
    filled = 0;
  }

  /** A second buffer where memory is free just now; without one parts are sent one by one. */
  private boolean haveSpare(int length) {
    if (spare == null) {
      spareShare = memory.takeNow(length).orElse(null);
      spare = spareShare == null ? null : new byte[length];
    }
    return spare != null;
  }

  private void awaitPart() {
    CompletableFuture<Part> sent = sending;
    if (sent == null) {
      return;
    }
    sending = null;
    try {
      parts.add(sent.join());
    } catch (CompletionException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw e;
    }
  }

  private void keepChecks(String key) {
    if (size > BlockChecks.BLOCK) {
      blocks.keep(key, checks.finish());
    }
  }

  private void claim(String key) {
    claims.claim(key, uploadId);
    claimed = key;
    claimedAt = System.nanoTime();
  }

  private static ObjectTooLarge tooLarge(int partSize) {
    return new ObjectTooLarge(
        "an object has at most %d parts of %d bytes (millrace.s3.part-size): raise that setting or send less"
            .formatted(S3Settings.MAX_PARTS, partSize));
  }
}
