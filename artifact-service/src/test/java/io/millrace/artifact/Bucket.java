package io.millrace.artifact;

import io.millrace.embedded.EmbeddedPlatform;
import io.millrace.embedded.SharedPlatform;
import io.minio.ListObjectsArgs;
import io.minio.MinioClient;
import io.minio.PutObjectArgs;
import io.minio.Result;
import io.minio.messages.Item;
import java.io.ByteArrayInputStream;
import java.util.ArrayList;
import java.util.List;

/** Looks into the object store, and damages it, behind the service's back. */
public final class Bucket {

  private final MinioClient client;
  private final String name;

  public Bucket(String name) {
    SharedPlatform platform = EmbeddedPlatform.shared();
    this.name = name;
    this.client =
        MinioClient.builder()
            .endpoint(platform.s3Endpoint())
            .credentials(platform.s3AccessKey(), platform.s3SecretKey())
            .region("us-east-1")
            .build();
  }

  public List<String> keys() {
    try {
      List<String> keys = new ArrayList<>();
      for (Result<Item> item :
          client.listObjects(ListObjectsArgs.builder().bucket(name).recursive(true).build())) {
        keys.add(item.get().objectName());
      }
      return keys;
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  public void overwrite(String key, byte[] bytes) {
    try {
      client.putObject(
          PutObjectArgs.builder().bucket(name).object(key).stream(
                  new ByteArrayInputStream(bytes), (long) bytes.length, -1L)
              .build());
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }
}
