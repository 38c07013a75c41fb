package io.millrace.cli.porting;

import java.io.FilterInputStream;
import java.io.IOException;
import java.security.MessageDigest;
import org.jspecify.annotations.Nullable;

/** Bytes that are counted and hashed while they pass, and whose end is checked. */
final class Measured extends FilterInputStream {

  private final MlflowHttp.Content content;
  private final MessageDigest digest = Sha256.digest();
  private long size;
  private @Nullable String sha256;

  Measured(MlflowHttp.Content content) {
    super(content.bytes());
    this.content = content;
  }

  @Override
  public int read() throws IOException {
    var one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] into, int from, int length) throws IOException {
    int read;
    try {
      read = super.read(into, from, length);
    } catch (IOException e) {
      throw new MlflowHttp.Broken("the original broke off: " + e.getMessage(), e);
    }
    if (read > 0) {
      digest.update(into, from, read);
      size += read;
    } else if (read < 0 && sha256 == null) {
      sha256 = Sha256.hex(digest);
      check(sha256);
    }
    return read;
  }

  @Override
  public long skip(long count) {
    throw new UnsupportedOperationException("every byte is hashed");
  }

  private void check(String computed) throws IOException {
    if (content.size() >= 0 && content.size() != size) {
      throw new Trouble(
          "the original ended after %d of %d bytes".formatted(size, content.size()), false);
    }
    if (!content.sha256().isEmpty() && !content.sha256().equals(computed)) {
      throw new Trouble(
          "the original is damaged: its SHA-256 is %s, said was %s"
              .formatted(computed, content.sha256()),
          false);
    }
  }

  /** What passed, after its end. */
  Sink.StoredFile stored(String path) {
    if (sha256 == null) {
      throw new IllegalStateException("not read to its end");
    }
    return new Sink.StoredFile(path, sha256, size);
  }
}
