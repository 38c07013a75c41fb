-- A note of a hundred points has some 5 KB and is gone in half a second: packing it and putting it into another table
-- costs more than the room it takes.
alter table metric_notes set (toast_tuple_target = 8160);
