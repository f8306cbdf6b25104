"""The pure part: values in, values out.  See README.md in this folder."""
