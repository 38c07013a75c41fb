package io.millrace.database;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.r2dbc.postgresql.api.PostgresqlConnection;
import io.r2dbc.postgresql.client.EncodedParameter;
import io.r2dbc.postgresql.codec.Codec;
import io.r2dbc.postgresql.codec.CodecRegistry;
import io.r2dbc.postgresql.extension.CodecRegistrar;
import io.r2dbc.postgresql.message.Format;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Mono;

/** Teaches the driver to send {@link ArrayParameter}s; what it reads it leaves to the others. */
final class ArrayParameterCodec implements Codec<ArrayParameter>, CodecRegistrar {

  @Override
  public Publisher<Void> register(
      PostgresqlConnection connection, ByteBufAllocator allocator, CodecRegistry registry) {
    registry.addFirst(this);
    return Mono.empty();
  }

  @Override
  public boolean canEncode(Object value) {
    return value instanceof ArrayParameter;
  }

  @Override
  public EncodedParameter encode(Object value) {
    ArrayParameter array = (ArrayParameter) value;
    return encode(array, array.type());
  }

  @Override
  public EncodedParameter encode(Object value, int dataType) {
    ArrayParameter array = (ArrayParameter) value;
    return new EncodedParameter(
        Format.FORMAT_BINARY,
        dataType,
        Mono.fromSupplier(() -> Unpooled.wrappedBuffer(array.encoded())));
  }

  @Override
  public boolean canEncodeNull(Class<?> type) {
    return false;
  }

  @Override
  public EncodedParameter encodeNull() {
    throw new UnsupportedOperationException("An array that is null is bound as a null.");
  }

  @Override
  public boolean canDecode(int dataType, Format format, Class<?> type) {
    return false;
  }

  @Override
  public @Nullable ArrayParameter decode(
      @Nullable ByteBuf buffer, int dataType, Format format, Class<? extends ArrayParameter> type) {
    throw new UnsupportedOperationException("Arrays are read by the driver's own codecs.");
  }
}
