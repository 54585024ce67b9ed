# A kernel for multiboot loaders, of TestEmulated: it enters 64-bit mode, enables all vector registers, makes the calls of a list, prints
# memory to port 0xe9 of the emulator and switches it off. The arena begins with the address and the size of the printed memory. A call is
# its address, the number of its arguments, and the arguments; the address 0 ends the list.
.set ARENA, 0x4000000
.set TABLES, 0x200000
.set STACK, 0x2f0000
.set PLACE, 0x2ff000
.text
.code32
.globl _start
header:
 .long 0x1BADB002, 0, -0x1BADB002
_start:
 cli
 mov $TABLES, %edi
 xor %eax, %eax
 mov $0xc00, %ecx
 cld
 rep stosl
 movl $TABLES+0x1003, TABLES
 movl $TABLES+0x2003, TABLES+0x1000
 mov $TABLES+0x2000, %edi
 mov $0x83, %eax
 mov $512, %ecx
1: mov %eax, (%edi)
 add $0x200000, %eax
 add $8, %edi
 loop 1b
 mov $0x40620, %eax        # PAE, SSE, its exceptions, XSAVE
 mov %eax, %cr4
 mov $TABLES, %eax
 mov %eax, %cr3
 mov $0xc0000080, %ecx
 rdmsr
 or $0x100, %eax
 wrmsr
 mov $0x80000023, %eax     # paging, FPU errors, protected
 or $2, %eax
 mov %eax, %cr0
 lgdt gdtr
 ljmp $8, $entry
.align 8
gdt: .quad 0, 0x00209a0000000000
gdtr: .word 15
 .long gdt
.code64
entry:
 xor %ecx, %ecx
 xor %edx, %edx
 mov $0xe7, %eax
 xsetbv
 fninit
 mov $ARENA, %ebx
 lea 16(%rbx), %rbx
next:
 mov (%rbx), %rax
 test %rax, %rax
 jz done
 mov 8(%rbx), %rcx
 lea 16(%rbx), %rsi
 mov $STACK, %edi
 mov %rdi, %rsp
 rep movsq
 mov %rsi, PLACE
 call *%rax
 mov PLACE, %rbx
 jmp next
done:
 mov ARENA, %rsi
 mov ARENA+8, %rcx
 mov $0xe9, %edx
 rep outsb
 lea off(%rip), %rsi
 mov $8, %ecx
 mov $0x8900, %edx
 rep outsb
2: hlt
 jmp 2b
off: .ascii "Shutdown"
