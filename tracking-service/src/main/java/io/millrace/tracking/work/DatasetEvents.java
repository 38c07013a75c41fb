package io.millrace.tracking.work;

import io.millrace.events.DatasetRef;
import io.millrace.events.FileRef;

/** Dataset versions as events carry them. */
public final class DatasetEvents {

  private DatasetEvents() {}

  /** The reference to a version. */
  public static DatasetRef reference(DatasetVersion dataset) {
    return DatasetRef.newBuilder()
        .setName(dataset.name())
        .setVersion(dataset.version())
        .setDigest(dataset.digest())
        .setContent(
            FileRef.newBuilder()
                .setUri(dataset.uri())
                .setMediaType(dataset.mediaType())
                .setSha256(dataset.sha256())
                .setSize(dataset.size())
                .build())
        .build();
  }
}
