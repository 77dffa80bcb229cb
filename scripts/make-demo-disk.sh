#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Makes the disks of the demonstration, as anybody: no mount, no loop device.
#
# usage: scripts/make-demo-disk.sh BUILD FOLDER
# FOLDER/disk.img is an ext4 file system with kernels of BUILD/guests and a menu.lst; FOLDER/copy.img is as large and empty.
set -euo pipefail
PATH=$PATH:/usr/sbin:/sbin
build=$1
folder=$2
mebibytes=8

rm -rf "$folder/tree" "$folder/disk.img" "$folder/copy.img"
mkdir -p "$folder/tree/boot/grub"
cp "$build"/guests/{shell,block-copy,hello}.elf "$folder/tree/boot/"
cat >"$folder/tree/boot/grub/menu.lst" <<MENU
timeout 3
default 0

title A shell
kernel /boot/shell.elf

title Copy this disk to the second one
kernel /boot/block-copy.elf sectors=$((mebibytes * 2048))

title Say hello
kernel /boot/hello.elf from=menu.lst
MENU
truncate -s "${mebibytes}M" "$folder/disk.img" "$folder/copy.img"
mke2fs -q -F -t ext4 -L demo -d "$folder/tree" "$folder/disk.img"
