/** Random forests by Smile, and their ONNX form. */
@NullMarked
package io.millrace.trainers.forest;

import org.jspecify.annotations.NullMarked;
